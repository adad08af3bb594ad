// n / d for n < 2^31. Integer division is slow, and CPUs divide one lane at a time. The first quotient is off by 2^-20
// of itself; that of the remainder by less than 1.
fn quotient(n: i32, d: i32) -> i32 {
    let inverse = 1.0 / f32(d);
    let rough = i32(f32(n) * inverse);
    let near = rough + i32(floor(f32(n - rough * d) * inverse));
    let left = n - near * d;
    return near + i32(left >= d) - i32(left < 0);
}
