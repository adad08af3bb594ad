// Every element counts.

fn mask_at(index: u32) -> bool {
    return true;
}
