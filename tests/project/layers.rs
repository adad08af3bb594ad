//! The layers of the crate, checked by the paths in its files.
//!
//! Every path in the source is traced to the file that defines it, through `use`, globs and re-exports, in code,
//! attributes and macros. Methods have no path and are not traced. Documentation is not read. A local variable counts
//! as the item of a glob or a `pub use` with the same name.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Item, ItemMacro, ItemMod, ItemUse, UseTree, Visibility};

/// Directories and files directly under `src/`, from top to bottom. Each may use those further down, never those
/// further up or in its own row.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["verify", "bench", "plot"],
    &["context"],
    &["ops"],
    &["device"],
    &["shader"],
    &["formula", "reference"],
    &["catalog"],
    &["error"],
];
/// The most directories and modules directly under `src/`.
const MOST_MODULES: usize = 16;
/// The file that every path of the library begins at. It belongs to no layer.
const LIBRARY_ROOT: &str = "src/lib.rs";
/// The file that every path of the binary begins at.
const BINARY_ROOT: &str = "src/cli/main.rs";
/// How the binary calls the library.
const LIBRARY: &str = "gpu_activations";

#[test]
fn every_file_takes_from_layers_below_it() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Sources::new();
    read_folder(package, Path::new("src"), &mut sources);
    let faults = check(&sources, LAYERS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The text of each file, by its path in the package.
type Sources = BTreeMap<PathBuf, String>;

/// Reads every Rust file below a directory.
fn read_folder(package: &Path, folder: &Path, sources: &mut Sources) {
    let shown = folder.display();
    for entry in fs::read_dir(package.join(folder)).unwrap_or_else(|error| panic!("{shown}: {error}")) {
        let path = folder.join(entry.unwrap_or_else(|error| panic!("{shown}: {error}")).file_name());
        let whole = package.join(&path);
        if whole.is_dir() {
            read_folder(package, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(whole).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            sources.insert(path, text);
        }
    }
}

/// Returns the faults in a package's layers, one a line.
fn check(sources: &Sources, layers: &[&[&str]]) -> Vec<String> {
    let tree = Tree::new(sources);
    let takes = tree.takes();
    let mut faults = tree.faults.clone();
    faults.extend(outside(sources, layers));
    faults.extend(crowd(sources));
    faults.extend(tree.unresolved(&takes));
    faults.extend(tree.against_layers(&takes, layers));
    faults.extend(cycles(tree.imports(&takes)));
    faults
}

// ---- What code names -----------------------------------------------------------------------------------------------

/// A path as it is written.
struct Written {
    segments: Vec<String>,
    line: usize,
    /// Whether `!` follows.
    calls_macro: bool,
}

/// The names in a piece of code.
#[derive(Default)]
struct Code {
    paths: Vec<Written>,
    uses: Vec<ItemUse>,
}

impl Code {
    /// Adds the names in these tokens. In macros they need not be Rust, so paths are searched token by token.
    fn read(&mut self, tokens: TokenStream) {
        let tokens = without_dollar_of_crate(tokens);
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Group(group) => {
                    self.read(group.stream());
                    at + 1
                }
                TokenTree::Ident(ident) if ident == "use" => self.read_use(&tokens, at),
                TokenTree::Ident(_) if begins_path(&tokens, at) => self.read_path(&tokens, at),
                _ => at + 1,
            };
        }
    }

    /// Reads a `use` inside a function or macro, and returns the index after it.
    fn read_use(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let length = tokens[at..].iter().position(|token| is_punct(Some(token), ';'));
        let statement = length.map(|length| tokens[at..=at + length].iter().cloned().collect());
        match statement.map(syn::parse2::<ItemUse>) {
            Some(Ok(item)) => {
                self.uses.push(item);
                at + length.unwrap_or(0) + 1
            }
            _ => at + 1,
        }
    }

    /// Reads a path, and returns the index after it.
    fn read_path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let line = tokens[at].span().start().line;
        let mut segments = vec![tokens[at].to_string()];
        let mut end = at + 1;
        while let (true, Some(TokenTree::Ident(ident))) = (is_colons(tokens, end), tokens.get(end + 2)) {
            segments.push(ident.to_string());
            end += 3;
        }
        let calls_macro = is_punct(tokens.get(end), '!');
        if segments.len() > 1 || !is_new_name(tokens, at) && !["crate", "self", "super"].contains(&&*segments[0]) {
            self.paths.push(Written { segments, line, calls_macro });
        }
        end
    }
}

/// Replaces `$crate` by `crate`.
fn without_dollar_of_crate(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let is_crate = matches!(&token, TokenTree::Ident(ident) if ident == "crate");
        if is_crate && is_punct(kept.last(), '$') {
            kept.pop();
        }
        kept.push(token);
    }
    kept
}

/// Whether an identifier may begin a path. Fields, methods, lifetimes and parts of other paths may not.
fn begins_path(tokens: &[TokenTree], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).and_then(|place| tokens.get(place));
    match before(1) {
        Some(TokenTree::Punct(punct)) => match punct.as_char() {
            '\'' | '$' => false,
            '.' => is_punct(before(2), '.'),
            ':' => !(at >= 2 && is_colons(tokens, at - 2)),
            _ => true,
        },
        _ => true,
    }
}

/// Whether a single identifier declares a field, a method or a variable.
fn is_new_name(tokens: &[TokenTree], at: usize) -> bool {
    let is_declared = match at.checked_sub(1).map(|before| &tokens[before]) {
        Some(TokenTree::Ident(ident)) => ["fn", "let", "mut", "ref"].iter().any(|keyword| ident == keyword),
        _ => false,
    };
    is_declared || is_punct(tokens.get(at + 1), ':') && !is_colons(tokens, at + 1)
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

/// Whether `::` is here.
fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    let is_joint = matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint);
    is_joint && is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

/// Returns the names of items that a macro's tokens declare, without those inside other items.
fn declared(tokens: TokenStream) -> Vec<String> {
    const KEYWORDS: [&str; 9] = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union"];
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut names = Vec::new();
    for pair in tokens.windows(2) {
        match pair {
            [TokenTree::Ident(keyword), TokenTree::Ident(name)] if KEYWORDS.iter().any(|known| keyword == known) => {
                names.push(name.to_string());
            }
            // The right side of a rule, and a repetition in it.
            [TokenTree::Punct(punct), TokenTree::Group(group)] if ['>', '$'].contains(&punct.as_char()) => {
                names.extend(declared(group.stream()));
            }
            _ => {}
        }
    }
    names
}

// ---- The tree of modules -------------------------------------------------------------------------------------------

/// One name that a `use` imports, or everything by `*`.
struct Use {
    path: Vec<String>,
    /// The name; none for `*`.
    name: Option<String>,
    line: usize,
    is_public: bool,
    /// Of `*`, once it is known.
    glob_target: Option<Target>,
}

/// The meaning of a name in a module.
enum Entry {
    Child(usize),
    /// An item of this module, or of the one from which `#[macro_export]` put it here.
    Item(usize),
    Macro(usize),
    Use(usize),
}

struct Name {
    entry: Entry,
    is_public: bool,
}

struct Module {
    file: PathBuf,
    root: usize,
    parent: Option<usize>,
    /// Whether its macros are known in its parent: `#[macro_use]`.
    lends_macros: bool,
    names: BTreeMap<String, Vec<Name>>,
    uses: Vec<Use>,
    paths: Vec<Written>,
    /// Macros called in place of an item: the name, and the items in the arguments.
    calls: Vec<(String, Vec<String>)>,
}

/// The target of a path. Modules are numbers.
#[derive(Clone, PartialEq)]
enum Target {
    Module(usize),
    /// An item by the module that defines it.
    Item(usize),
    /// An item of another crate, a language name, or a local name.
    Foreign,
    Nothing,
}

struct Resolution {
    target: Target,
    /// The number of trailing segments that are not resolved.
    left: usize,
    /// The modules that the path as written goes through.
    through: Vec<usize>,
}

/// The imports in progress, by module, number and name, to break circles.
type Trail = Vec<(usize, usize, String)>;

/// All modules of the library and the binary.
struct Tree {
    modules: Vec<Module>,
    library: Option<usize>,
    /// What each `macro_rules!` declares.
    macros: BTreeMap<String, Vec<String>>,
    faults: Vec<String>,
}

impl Tree {
    fn new(sources: &Sources) -> Tree {
        let mut tree = Tree { modules: Vec::new(), library: None, macros: BTreeMap::new(), faults: Vec::new() };
        for root in [LIBRARY_ROOT, BINARY_ROOT].map(Path::new) {
            if sources.contains_key(root) {
                let number = tree.add_module(root, None);
                if root == Path::new(LIBRARY_ROOT) {
                    tree.library = Some(number);
                }
                tree.add_file(sources, number);
            }
        }
        for file in sources.keys() {
            if !tree.modules.iter().any(|module| module.file == *file) {
                tree.faults.push(format!("{}: no `mod` leads to it", file.display()));
            }
        }
        tree.add_items_of_macros();
        tree.resolve_globs();
        tree
    }

    fn add_module(&mut self, file: &Path, parent: Option<usize>) -> usize {
        let number = self.modules.len();
        self.modules.push(Module {
            file: file.to_owned(),
            root: parent.map_or(number, |parent| self.modules[parent].root),
            parent,
            lends_macros: false,
            names: BTreeMap::new(),
            uses: Vec::new(),
            paths: Vec::new(),
            calls: Vec::new(),
        });
        number
    }

    /// Parses the file of a module.
    fn add_file(&mut self, sources: &Sources, module: usize) {
        let file = self.modules[module].file.clone();
        match syn::parse_file(&sources[&file]) {
            Ok(parsed) => {
                self.add_attributes(module, &parsed.attrs);
                self.add_items(sources, module, &folder_of_children(&file), parsed.items);
            }
            Err(error) => {
                self.faults.push(format!("{}:{}: {error}", file.display(), error.span().start().line));
            }
        }
    }

    fn add_items(&mut self, sources: &Sources, module: usize, folder: &Path, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Mod(item) => self.add_child(sources, module, folder, item),
                Item::Use(item) => {
                    self.add_attributes(module, &item.attrs);
                    self.add_use(module, &item);
                }
                Item::Macro(item) => self.add_macro(module, item),
                item => {
                    if let Some((name, visibility)) = name_of(&item) {
                        self.add_name(module, name.to_string(), Entry::Item(module), is_public(visibility));
                    }
                    self.add_code(module, item.into_token_stream());
                }
            }
        }
    }

    fn add_name(&mut self, module: usize, name: String, entry: Entry, is_public: bool) {
        self.modules[module].names.entry(name).or_default().push(Name { entry, is_public });
    }

    fn add_attributes(&mut self, module: usize, attributes: &[Attribute]) {
        attributes.iter().for_each(|attribute| self.add_code(module, attribute.to_token_stream()));
    }

    fn add_code(&mut self, module: usize, tokens: TokenStream) {
        let mut code = Code::default();
        code.read(tokens);
        self.modules[module].paths.extend(code.paths);
        code.uses.iter().for_each(|item| self.add_use(module, item));
    }

    fn add_use(&mut self, module: usize, item: &ItemUse) {
        // Paths of other crates begin with `::`.
        if item.leading_colon.is_some() {
            return;
        }
        let mut uses = Vec::new();
        flatten(&item.tree, &[], is_public(&item.vis), &mut uses);
        for imported in uses {
            if let Some(name) = imported.name.clone() {
                let entry = Entry::Use(self.modules[module].uses.len());
                self.add_name(module, name, entry, imported.is_public);
            }
            self.modules[module].uses.push(imported);
        }
    }

    /// Adds a module of this module, in the same file or in its own.
    fn add_child(&mut self, sources: &Sources, parent: usize, folder: &Path, item: ItemMod) {
        self.add_attributes(parent, &item.attrs);
        let name = item.ident.to_string();
        let file = match item.content {
            Some(_) => self.modules[parent].file.clone(),
            None => {
                let places = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
                match places.into_iter().find(|place| sources.contains_key(place)) {
                    Some(file) => file,
                    None => {
                        let (file, line) = (self.modules[parent].file.display(), item.ident.span().start().line);
                        self.faults.push(format!("{file}:{line}: mod {name} has no file"));
                        return;
                    }
                }
            }
        };
        let child = self.add_module(&file, Some(parent));
        self.modules[child].lends_macros = has_attribute(&item.attrs, "macro_use");
        self.add_name(parent, name.clone(), Entry::Child(child), is_public(&item.vis));
        match item.content {
            Some((_, items)) => self.add_items(sources, child, &folder.join(name), items),
            None => self.add_file(sources, child),
        }
    }

    /// Adds a `macro_rules!`, or a macro call in place of an item.
    fn add_macro(&mut self, module: usize, item: ItemMacro) {
        let names = declared(item.mac.tokens.clone());
        if let Some(name) = item.ident.as_ref().map(Ident::to_string) {
            self.add_name(module, name.clone(), Entry::Macro(module), false);
            if has_attribute(&item.attrs, "macro_export") {
                self.add_name(self.modules[module].root, name.clone(), Entry::Macro(module), true);
            }
            self.macros.entry(name).or_default().extend(names);
        } else if let Some(called) = item.mac.path.segments.last() {
            self.modules[module].calls.push((called.ident.to_string(), names));
        }
        self.add_code(module, item.into_token_stream());
    }

    /// Adds the items that macros declare at their calls.
    fn add_items_of_macros(&mut self) {
        for module in 0..self.modules.len() {
            for (called, names) in std::mem::take(&mut self.modules[module].calls) {
                let of_macro = self.macros.get(&called).cloned().unwrap_or_default();
                for name in names.into_iter().chain(of_macro) {
                    self.add_name(module, name, Entry::Item(module), true);
                }
            }
        }
    }

    /// Resolves each `*` to its module; twice, for those reached through others.
    fn resolve_globs(&mut self) {
        for _ in 0..2 {
            for module in 0..self.modules.len() {
                for number in 0..self.modules[module].uses.len() {
                    let imported = &self.modules[module].uses[number];
                    if imported.name.is_none() && !matches!(imported.glob_target, Some(Target::Module(_))) {
                        let target = self.resolve(module, &imported.path, &mut Trail::new()).target;
                        self.modules[module].uses[number].glob_target = Some(target);
                    }
                }
            }
        }
    }
}

/// The directory of a module's own modules.
fn folder_of_children(file: &Path) -> PathBuf {
    let is_first = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| file.ends_with(name));
    if is_first { file.with_file_name("") } else { file.with_extension("") }
}

/// The name of an item in its module.
fn name_of(item: &Item) -> Option<(&Ident, &Visibility)> {
    match item {
        Item::Const(item) => Some((&item.ident, &item.vis)),
        Item::Enum(item) => Some((&item.ident, &item.vis)),
        Item::Fn(item) => Some((&item.sig.ident, &item.vis)),
        Item::Static(item) => Some((&item.ident, &item.vis)),
        Item::Struct(item) => Some((&item.ident, &item.vis)),
        Item::Trait(item) => Some((&item.ident, &item.vis)),
        Item::TraitAlias(item) => Some((&item.ident, &item.vis)),
        Item::Type(item) => Some((&item.ident, &item.vis)),
        Item::Union(item) => Some((&item.ident, &item.vis)),
        _ => None,
    }
}

fn is_public(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

fn has_attribute(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

/// The single names of a `use`.
fn flatten(tree: &UseTree, before: &[String], is_public: bool, uses: &mut Vec<Use>) {
    let mut add = |last: &Ident, name: Option<String>| {
        let mut path = before.to_vec();
        if last != "self" || before.is_empty() {
            path.push(last.to_string());
        }
        let name = name.or_else(|| path.last().cloned());
        uses.push(Use { path, name, line: last.span().start().line, is_public, glob_target: None });
    };
    match tree {
        UseTree::Path(path) => {
            let before = [before, &[path.ident.to_string()]].concat();
            flatten(&path.tree, &before, is_public, uses);
        }
        UseTree::Name(name) => add(&name.ident, None),
        UseTree::Rename(rename) => add(&rename.ident, Some(rename.rename.to_string())),
        UseTree::Glob(glob) => {
            let line = glob.star_token.spans[0].start().line;
            uses.push(Use { path: before.to_vec(), name: None, line, is_public, glob_target: None });
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, is_public, uses)),
    }
}

// ---- Where a path leads --------------------------------------------------------------------------------------------

impl Tree {
    /// Follows a path that is written in the module `from`.
    fn resolve(&self, from: usize, path: &[String], trail: &mut Trail) -> Resolution {
        match self.anchor(from, path) {
            Some((module, rest)) => self.descend(from, module, rest, trail),
            None if path.is_empty() || self.lookup(from, from, &path[0], trail).is_empty() => {
                Resolution { target: Target::Foreign, left: 0, through: Vec::new() }
            }
            None => self.descend(from, from, path, trail),
        }
    }

    /// Returns the module at which a path begins, if not with a plain name, and the rest of the path.
    fn anchor<'a>(&self, from: usize, path: &'a [String]) -> Option<(usize, &'a [String])> {
        let (mut module, mut rest) = match path.first()?.as_str() {
            "crate" => (self.modules[from].root, &path[1..]),
            LIBRARY => (self.library?, &path[1..]),
            "self" => (from, &path[1..]),
            "super" => (from, path),
            _ => return None,
        };
        while let Some((first, after)) = rest.split_first()
            && first == "super"
        {
            (module, rest) = (self.modules[module].parent.unwrap_or(module), after);
        }
        Some((module, rest))
    }

    /// Follows the rest of a path down from a module, as far as it goes.
    fn descend(&self, from: usize, module: usize, rest: &[String], trail: &mut Trail) -> Resolution {
        let Some((first, after)) = rest.split_first() else {
            return Resolution { target: Target::Module(module), left: 0, through: Vec::new() };
        };
        let found = self.lookup(from, module, first, trail).into_iter().map(|target| match target {
            Target::Module(inner) => self.descend(from, inner, after, trail),
            target => Resolution { target, left: after.len(), through: Vec::new() },
        });
        let furthest = found.min_by_key(|found| (found.left, matches!(found.target, Target::Module(_))));
        let unknown = || Resolution { target: self.unknown(module), left: rest.len(), through: Vec::new() };
        let mut resolution = furthest.unwrap_or_else(unknown);
        resolution.through.push(module);
        resolution
    }

    /// The meaning of an unknown name in a module: one of its own, unless a `*` of another crate may import it.
    fn unknown(&self, module: usize) -> Target {
        let Module { uses, root, .. } = &self.modules[module];
        match uses.iter().any(|imported| imported.glob_target == Some(Target::Foreign)) {
            true => Target::Foreign,
            false if module == *root => Target::Nothing,
            false => Target::Item(module),
        }
    }

    /// The meaning of a name in a module, seen from the module `from`. A module and a function may share it.
    fn lookup(&self, from: usize, module: usize, name: &str, trail: &mut Trail) -> Vec<Target> {
        let sees_all = self.ancestors(from).any(|ancestor| ancestor == module);
        let names = self.modules[module].names.get(name).into_iter().flatten();
        let visible = names.filter(|name| sees_all || name.is_public);
        let named = visible.filter_map(|known| match known.entry {
            Entry::Child(child) => Some(Target::Module(child)),
            Entry::Item(owner) | Entry::Macro(owner) => Some(Target::Item(owner)),
            Entry::Use(number) => self.follow(module, number, name, trail, |tree, imported, trail| {
                Some(tree.resolve(module, &imported.path, trail).target)
            }),
        });
        let mut found: Vec<Target> = named.collect();
        // An item hides what `*` imports under its name, but a module does not hide a function.
        if !found.iter().all(|target| matches!(target, Target::Module(_))) {
            return found;
        }
        let uses = self.modules[module].uses.iter().enumerate();
        let globs = uses.filter(|(_, imported)| imported.name.is_none() && (sees_all || imported.is_public));
        let brought = globs.filter_map(|(number, _)| {
            self.follow(module, number, name, trail, |tree, imported, trail| match imported.glob_target {
                Some(Target::Module(inner)) => Some(tree.lookup(module, inner, name, trail)),
                _ => None,
            })
        });
        found.extend(brought.flatten());
        found
    }

    /// Follows an import, unless that name is being followed already.
    fn follow<T>(
        &self,
        module: usize,
        number: usize,
        name: &str,
        trail: &mut Trail,
        go: impl Fn(&Tree, &Use, &mut Trail) -> Option<T>,
    ) -> Option<T> {
        let step = (module, number, name.to_owned());
        if trail.contains(&step) {
            return None;
        }
        trail.push(step);
        let found = go(self, &self.modules[module].uses[number], trail);
        trail.pop();
        found
    }

    /// A module and those that contain it.
    fn ancestors(&self, module: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(module), |&module| self.modules[module].parent)
    }

    /// The module of a macro that needs no import, because it is declared further up.
    fn macro_above(&self, from: usize, name: &str) -> Option<usize> {
        self.ancestors(from).find_map(|module| self.macro_in(module, name))
    }

    fn macro_in(&self, module: usize, name: &str) -> Option<usize> {
        let names = &self.modules[module].names;
        let own = names.get(name).into_iter().flatten().find_map(|known| match known.entry {
            Entry::Macro(owner) => Some(owner),
            _ => None,
        });
        let lent = || {
            names.values().flatten().find_map(|known| match known.entry {
                Entry::Child(child) if self.modules[child].lends_macros => self.macro_in(child, name),
                _ => None,
            })
        };
        own.or_else(lent)
    }
}

// ---- What files take from each other -------------------------------------------------------------------------------

#[derive(Clone, Copy, PartialEq)]
enum How {
    /// `pub use` in `lib.rs` or a file with modules of its own.
    Facade,
    Use,
    Path,
    /// A path that begins with a plain name, usually imported by `use`.
    Name,
}

/// The location at which a module names an item.
struct Take {
    module: usize,
    line: usize,
    written: String,
    how: How,
    resolution: Resolution,
}

/// The items that one file uses from another, by the two files.
type Imports = BTreeMap<(PathBuf, PathBuf), String>;

impl Tree {
    /// Every name used anywhere, plain names last.
    fn takes(&self) -> Vec<Take> {
        let mut takes = Vec::new();
        for module in 0..self.modules.len() {
            takes.extend(self.modules[module].uses.iter().map(|imported| self.take_of_use(module, imported)));
            takes.extend(self.modules[module].paths.iter().map(|path| self.take_of_path(module, path)));
        }
        takes.sort_by_key(|take| (take.how == How::Name, take.module, take.line));
        takes
    }

    fn take_of_use(&self, module: usize, imported: &Use) -> Take {
        let mut resolution = self.resolve(module, &imported.path, &mut Trail::new());
        let mut written = imported.path.join("::");
        if let (None, Some(target)) = (&imported.name, &imported.glob_target) {
            written += "::*";
            resolution.target = target.clone();
            // A `*` imports names. If none is used, it imports methods of a trait.
            if let Target::Module(inner) = resolution.target
                && !self.names_any_of(module, inner)
            {
                resolution.target = Target::Item(inner);
            }
        }
        let how = if imported.is_public && self.is_facade(module) { How::Facade } else { How::Use };
        Take { module, line: imported.line, written, how, resolution }
    }

    fn take_of_path(&self, module: usize, path: &Written) -> Take {
        let mut resolution = self.resolve(module, &path.segments, &mut Trail::new());
        let how = if self.anchor(module, &path.segments).is_some() { How::Path } else { How::Name };
        let is_single = path.segments.len() == 1;
        match resolution.target {
            Target::Foreign if path.calls_macro && is_single => {
                if let Some(owner) = self.macro_above(module, &path.segments[0]) {
                    resolution.target = Target::Item(owner);
                }
            }
            // A single name cannot be a module: it is a variable.
            Target::Module(_) if is_single => resolution.target = Target::Foreign,
            _ => {}
        }
        Take { module, line: path.line, written: path.segments.join("::"), how, resolution }
    }

    /// Whether a module's code uses a name that another module offers.
    fn names_any_of(&self, module: usize, offering: usize) -> bool {
        self.modules[module]
            .paths
            .iter()
            .any(|path| !self.lookup(module, offering, &path.segments[0], &mut Trail::new()).is_empty())
    }

    fn is_facade(&self, module: usize) -> bool {
        let Module { file, names, .. } = &self.modules[module];
        let has_files = names.values().flatten().any(|name| match name.entry {
            Entry::Child(child) => self.modules[child].file != *file,
            _ => false,
        });
        has_files || file.ends_with("mod.rs") || file.ends_with("lib.rs")
    }

    fn file(&self, take: &Take) -> &Path {
        &self.modules[take.module].file
    }

    /// The file that defines an item. The whole crate is defined nowhere.
    fn definition(&self, take: &Take) -> Option<&Path> {
        match take.resolution.target {
            Target::Module(module) if self.modules[module].root == module => None,
            Target::Module(module) | Target::Item(module) => Some(&self.modules[module].file),
            Target::Foreign | Target::Nothing => None,
        }
    }

    fn unresolved(&self, takes: &[Take]) -> Vec<String> {
        let lost = takes.iter().filter(|take| take.resolution.target == Target::Nothing && take.how != How::Name);
        lost.map(|take| format!("{}:{}: {} is defined nowhere", self.file(take).display(), take.line, take.written))
            .collect()
    }

    /// Returns the uses of layers that are not below.
    fn against_layers(&self, takes: &[Take], layers: &[&[&str]]) -> Vec<String> {
        let mut known = BTreeSet::new();
        let mut faults = Vec::new();
        for take in takes {
            if let Some((verb, place, why)) = self.wrong_layer(take, layers) {
                // The `use` behind a plain name has been reported already.
                let is_new = known.insert((self.file(take), place));
                if is_new || take.how != How::Name {
                    let (file, line, written) = (self.file(take).display(), take.line, &take.written);
                    faults.push(format!("{file}:{line}: {written} {verb} {}, {why}", place.display()));
                }
            }
        }
        faults.sort();
        faults.dedup();
        faults
    }

    /// Whether an item is defined in a layer that is not below, or reached through one, and how.
    fn wrong_layer(&self, take: &Take, layers: &[&[&str]]) -> Option<(&str, &Path, String)> {
        let own = layer_of(self.file(take))?;
        let defined = self.definition(take).map(|place| ("is defined in", place));
        let through =
            take.resolution.through.iter().map(|&module| ("goes through", self.modules[module].file.as_path()));
        let through = through.filter(|(_, place)| layer_of(place).is_some());
        let mut places = defined.into_iter().chain(through);
        places.find_map(|(verb, place)| why_not(own, place, layers).map(|why| (verb, place, why)))
    }

    /// The imports between files. A façade's re-export is not an import, and neither is naming a module.
    fn imports(&self, takes: &[Take]) -> Imports {
        let mut imports = Imports::new();
        for take in takes.iter().filter(|take| take.how != How::Facade) {
            if let (Target::Item(_), Some(to)) = (&take.resolution.target, self.definition(take))
                && to != self.file(take)
            {
                let (file, line, written) = (self.file(take).display(), take.line, &take.written);
                let shown = format!("{file}:{line}: {written} is defined in {}", to.display());
                imports.entry((self.file(take).to_owned(), to.to_owned())).or_insert(shown);
            }
        }
        imports
    }
}

// ---- The rules -----------------------------------------------------------------------------------------------------

/// The folder or file directly under `src/` that a file belongs to.
fn layer_of(file: &Path) -> Option<&str> {
    let inside = file.strip_prefix("src").ok().filter(|inside| *inside != Path::new("lib.rs"))?;
    Path::new(inside.components().next()?.as_os_str()).file_stem()?.to_str()
}

/// Returns why a file of the layer `own` must not use another file, if so.
fn why_not(own: &str, place: &Path, layers: &[&[&str]]) -> Option<String> {
    let Some(other) = layer_of(place) else {
        return Some(format!("above all layers, and so above {own}"));
    };
    let row = |layer: &str| layers.iter().position(|row| row.contains(&layer));
    let (own_row, other_row) = (row(own)?, row(other)?);
    if own == other || own_row < other_row {
        None
    } else if own_row == other_row {
        Some(format!("a layer beside {own}"))
    } else {
        Some(format!("a layer above {own}"))
    }
}

/// Files that belong to no layer.
fn outside(sources: &Sources, layers: &[&[&str]]) -> Vec<String> {
    let is_outside = |file: &&PathBuf| layer_of(file).is_some_and(|layer| !layers.concat().contains(&layer));
    sources.keys().filter(is_outside).map(|file| format!("{}: it is in no layer", file.display())).collect()
}

/// Whether there is too much directly under `src/` to survey.
fn crowd(sources: &Sources) -> Option<String> {
    let inside = sources.keys().filter_map(|file| file.strip_prefix("src").ok()?.iter().next()?.to_str());
    let entries: BTreeSet<&str> = inside.filter(|entry| *entry != "lib.rs").collect();
    let (count, names) = (entries.len(), Vec::from_iter(entries).join(", "));
    let is_crowd = count > MOST_MODULES;
    is_crowd.then(|| format!("src: it holds {count} folders and modules, {MOST_MODULES} are allowed: {names}"))
}

/// Returns every circle of imports, the shortest first. Circles that share an import with an earlier one are left out.
fn cycles(mut imports: Imports) -> Vec<String> {
    let mut faults = Vec::new();
    while let Some(cycle) = shortest_cycle(&imports) {
        let pairs = cycle.iter().cloned().zip(cycle.iter().cycle().skip(1).cloned());
        let taken: Vec<String> = pairs.filter_map(|pair| imports.remove(&pair)).collect();
        let mut files: Vec<String> = cycle.iter().map(|file| file.display().to_string()).collect();
        let rule = if let [one, other] = files.as_slice() {
            format!("{one} and {other} import each other")
        } else {
            files.push(files[0].clone());
            format!("{} import in a circle", files.join(" -> "))
        };
        faults.push(format!("{rule}: {}", taken.join("; ")));
    }
    faults
}

fn shortest_cycle(imports: &Imports) -> Option<Vec<PathBuf>> {
    let files: BTreeSet<&Path> = imports.keys().map(|(from, _)| from.as_path()).collect();
    files.into_iter().filter_map(|file| way_back(imports, file)).min_by_key(Vec::len)
}

/// Returns the shortest path of imports from a file back to itself.
fn way_back(imports: &Imports, start: &Path) -> Option<Vec<PathBuf>> {
    let mut seen = BTreeSet::new();
    let mut ways = VecDeque::from([vec![start]]);
    while let Some(way) = ways.pop_front() {
        let last = way[way.len() - 1];
        for (_, next) in imports.keys().filter(|(from, _)| from == last) {
            if next == start {
                return Some(way.into_iter().map(Path::to_owned).collect());
            }
            if seen.insert(next) {
                ways.push_back([way.as_slice(), &[next.as_path()]].concat());
            }
        }
    }
    None
}

// ---- The check, checked --------------------------------------------------------------------------------------------

/// A small package that keeps the rules and names items in every way.
const GOOD: &[(&str, &str)] = &[
    (
        "src/lib.rs",
        "//! See [`crate::nowhere`].
        mod bench; mod catalog; mod context; mod device; mod error; mod ops; pub mod shader; mod reference; mod verify;
        pub use catalog::{Activation, Axis as Direction}; pub use context::Context; pub use error::Error;
        pub use half;",
    ),
    ("src/error.rs", "pub enum Error { Lost } impl Error { pub(crate) const fn none() -> u8 { 0 } }"),
    (
        "src/catalog/mod.rs",
        "mod axis; mod table;
        pub use axis::Axis; pub use table::Activation; pub(crate) use table::{row, Row};
        pub(crate) const ROWS: u8 = 1;",
    ),
    (
        "src/catalog/axis.rs",
        "/// Below [`crate::shader::Part`].
        pub struct Axis { pub error: Option<crate::Error> }",
    ),
    (
        "src/catalog/table.rs",
        "use super::{Axis, ROWS};
        pub struct Row;
        macro_rules! row { ($name:ident) => { pub enum $name { One } pub struct Made; $crate::error::Error::none() } }
        pub(crate) use row;
        pub enum Activation { Relu(Axis) }
        fn lost() -> crate::Error { let shader = ROWS; crate::Error::Lost }",
    ),
    (
        "src/reference.rs",
        "use crate::catalog::*; use std::fmt::{self, Write as _};
        macro_rules! here { () => { 1 } }
        mod parts;
        fn of(row: Row) -> Activation { todo!() }
        #[cfg(test)] mod tests { use super::*; fn t() { of(Row) } }",
    ),
    ("src/reference/parts.rs", "pub(crate) fn one() -> u8 { here!() }"),
    (
        "src/shader/mod.rs",
        "pub mod part; pub use part::Part;
        macro_rules! part { ($path:expr) => { $crate::shader::Part { path: $path } } }
        pub(crate) use part;",
    ),
    ("src/shader/part.rs", "use crate::{Activation, half::f16}; pub struct Part { pub of: Vec<Activation> }"),
    ("src/device.rs", "use crate::shader::part; fn f() { use crate::shader as parts; part!(parts::Part::f()) }"),
    ("src/ops/mod.rs", "mod add; pub use crate::device; pub struct Sum; impl Sum { fn add(self) { self.crate_of() } }"),
    ("src/ops/add.rs", "use super::Sum; use crate::Direction; impl Sum { fn plus(self, _: Direction) {} }"),
    ("src/context.rs", "use crate::ops; pub struct Context(ops::Sum); #[cfg(test)] mod tests { use super::Context; }"),
    ("src/verify/mod.rs", "mod along; use crate::{Context, Error as Fault}; fn f() { along::run() }"),
    ("src/verify/along.rs", "pub use crate::verify; pub fn run() {}"),
    ("src/bench.rs", "fn bench(context: &crate::Context) -> impl Fn() + use<> { self::bench; || () }"),
    (
        "src/cli/main.rs",
        "mod verify; use gpu_activations::{Activation, shader::{self, Part}};
        fn main() { verify::run(shader::Part::new()) }",
    ),
    ("src/cli/verify.rs", "pub fn run(_: gpu_activations::shader::Part) { gpu_activations::Context::run() }"),
];

/// Returns the faults of the good package after these changes to its files.
fn faults_with(changes: &[(&str, &str)]) -> Vec<String> {
    let files = GOOD.iter().chain(changes).map(|&(file, text)| (PathBuf::from(file), text.to_owned()));
    check(&files.collect(), LAYERS)
}

/// Asserts exactly this fault for a package in which a file of `reference` has this text.
fn assert_fault_of_reference(text: &str, fault: &str) {
    let file = "src/reference/parts.rs";
    assert_eq!(faults_with(&[(file, text)]), [format!("{file}:{fault}")], "{text}");
}

#[test]
fn nothing_is_wrong_with_a_good_package() {
    assert_eq!(faults_with(&[]), [""; 0]);
}

#[test]
fn what_is_above_is_told_however_it_is_written() {
    for (text, line, written) in [
        ("use crate::shader::Part;", 1, "crate::shader::Part"),
        ("use crate::{\nError,\nshader::{Part as Piece},\n};", 3, "crate::shader::Part"),
        ("use super::super::shader::Part;", 1, "super::super::shader::Part"),
        ("use crate::shader::part::Part;", 1, "crate::shader::part::Part"),
        ("\nfn f() { crate::shader::Part::new() }", 2, "crate::shader::Part::new"),
        ("fn f() { use crate::shader::Part; }", 1, "crate::shader::Part"),
        ("fn f() { vec![(1, super::super::shader::Part)] }", 1, "super::super::shader::Part"),
        ("type F = fn(Vec<crate::shader::Part>);", 1, "crate::shader::Part"),
        ("fn f() { let crate::shader::Part { of } = g(); }", 1, "crate::shader::Part"),
        ("#[with(crate::shader::Part)] struct A;", 1, "crate::shader::Part"),
        ("#[cfg(test)] mod tests { use super::super::super::shader::Part; }", 1, "super::super::super::shader::Part"),
        ("macro_rules! m { () => {\n$crate::shader::Part::new($x) } }", 2, "crate::shader::Part::new"),
        ("macro_rules! m { () => { use $crate::shader::{Part}; } }", 1, "crate::shader::Part"),
    ] {
        let place = "src/shader/part.rs, a layer above reference";
        assert_fault_of_reference(text, &format!("{line}: {written} is defined in {place}"));
    }
}

#[test]
fn what_is_above_is_told_wherever_it_is_defined() {
    for (text, written, place) in [
        ("use crate::Context;", "crate::Context", "is defined in src/context.rs, a layer above"),
        ("pub use crate::Context as C;", "crate::Context", "is defined in src/context.rs, a layer above"),
        ("use crate::shader::part;", "crate::shader::part", "is defined in src/shader/mod.rs, a layer above"),
        ("use crate::shader;", "crate::shader", "is defined in src/shader/mod.rs, a layer above"),
        ("use crate::shader::*;", "crate::shader::*", "is defined in src/shader/mod.rs, a layer above"),
        ("use crate::*; fn f(_: Context) {}", "Context", "is defined in src/context.rs, a layer above"),
        ("use crate::ops::device::of;", "crate::ops::device::of", "is defined in src/device.rs, a layer above"),
        (
            "use crate::ops::device::Row::A as B;",
            "crate::ops::device::Row::A",
            "is defined in src/device.rs, a layer above",
        ),
    ] {
        assert_fault_of_reference(text, &format!("1: {written} {place} reference"));
    }
    let gives_error = ("src/device.rs", "pub use crate::Error;");
    let takes_error = ("src/reference/parts.rs", "use crate::device::Error;");
    let fault = "src/reference/parts.rs:1: crate::device::Error goes through src/device.rs, a layer above reference";
    assert_eq!(faults_with(&[gives_error, takes_error]), [fault]);
}

#[test]
fn what_is_beside_is_told() {
    let fault = "src/verify/mod.rs:1: crate::bench::bench is defined in src/bench.rs, a layer beside verify";
    assert_eq!(faults_with(&[("src/verify/mod.rs", "mod along; fn f() { crate::bench::bench() }")]), [fault]);
}

#[test]
fn what_is_nowhere_is_told() {
    assert_fault_of_reference("\nuse crate::Nobody;", "2: crate::Nobody is defined nowhere");
    assert_fault_of_reference("fn f() { crate::nobody::call() }", "1: crate::nobody::call is defined nowhere");
    let fault = "src/cli/verify.rs:1: gpu_activations::nobody is defined nowhere";
    assert_eq!(faults_with(&[("src/cli/verify.rs", "use gpu_activations::nobody;")]), [fault]);
    assert_fault_of_reference("\nmod nobody;", "2: mod nobody has no file");
    assert_fault_of_reference("\nfn f() {", "2: cannot parse string into token stream");
    let faults = ["src/gate.rs: no `mod` leads to it", "src/gate.rs: it is in no layer"];
    assert_eq!(faults_with(&[("src/gate.rs", "")]), faults);
}

#[test]
fn two_files_that_import_each_other_are_told() {
    let child = ("src/ops/add.rs", "use super::Sum; pub fn add(_: Sum) {}");
    let imported = "src/ops/add.rs and src/ops/mod.rs import each other: \
        src/ops/add.rs:1: super::Sum is defined in src/ops/mod.rs; ";
    for (text, line, written) in [
        ("mod add; use add::add; pub struct Sum;", 1, "add::add"),
        ("mod add;\npub struct Sum; fn f() { add::add(Sum) }", 2, "add::add"),
        ("mod add; pub use add::add; pub struct Sum;\nfn f() { add(Sum) }", 2, "add"),
        ("mod add; pub use add::*; pub struct Sum;\nfn f() { add(Sum) }", 2, "add"),
    ] {
        let fault = format!("{imported}src/ops/mod.rs:{line}: {written} is defined in src/ops/add.rs");
        assert_eq!(faults_with(&[child, ("src/ops/mod.rs", text)]), [fault], "{text}");
    }
    let re_exports = ("src/ops/mod.rs", "mod add; pub use add::add; pub(crate) use add::add as plus; pub struct Sum;");
    assert_eq!(faults_with(&[child, re_exports]), [""; 0]);
}

#[test]
fn what_macros_declare_and_lend_is_told() {
    let changes = [
        (
            "src/ops/mod.rs",
            "macro_rules! sum { ($kind:ident) => { pub $kind Sum; } } mod add;\nfn f() -> add::Made { }",
        ),
        ("src/ops/add.rs", "crate::catalog::row!(Two);\nsum!(struct);"),
    ];
    let fault = "src/ops/add.rs and src/ops/mod.rs import each other: \
        src/ops/add.rs:2: sum is defined in src/ops/mod.rs; \
        src/ops/mod.rs:2: add::Made is defined in src/ops/add.rs";
    assert_eq!(faults_with(&changes), [fault]);
    // Items that the catalog's macro `row` declares belong to the file that calls it.
    let changes = [
        ("src/device.rs", "pub use calls::*; mod calls;"),
        ("src/device/calls.rs", "crate::catalog::row!(Two);"),
        ("src/reference/parts.rs", "use crate::device::Made;"),
    ];
    let fault =
        "src/reference/parts.rs:1: crate::device::Made is defined in src/device/calls.rs, a layer above reference";
    assert_eq!(faults_with(&changes), [fault]);
}

#[test]
fn a_circle_of_three_files_is_told() {
    let changes = [
        ("src/ops/mod.rs", "mod add; mod mul; mod sub; pub use sub::sub; pub struct Sum;"),
        ("src/ops/add.rs", "use super::mul::*; pub trait Add {} fn add() { mul() }"),
        ("src/ops/mul.rs", "pub fn mul() { super::sub() }"),
        ("src/ops/sub.rs", "pub fn sub() {} use crate::ops::add::*;"),
    ];
    let fault = "src/ops/add.rs -> src/ops/mul.rs -> src/ops/sub.rs -> src/ops/add.rs import in a circle: \
        src/ops/add.rs:1: mul is defined in src/ops/mul.rs; \
        src/ops/mul.rs:1: super::sub is defined in src/ops/sub.rs; \
        src/ops/sub.rs:1: crate::ops::add::* is defined in src/ops/add.rs";
    assert_eq!(faults_with(&changes), [fault]);
}

#[test]
fn too_many_modules_are_told() {
    let names: Vec<String> = ('a'..='q').map(String::from).collect();
    let mut sources: Sources =
        names.iter().map(|name| (PathBuf::from(format!("src/{name}.rs")), String::new())).collect();
    let root: String = names.iter().map(|name| format!("mod {name};")).collect();
    sources.insert(PathBuf::from(LIBRARY_ROOT), root);
    let row: Vec<&str> = names.iter().map(String::as_str).collect();
    let entries: Vec<String> = names.iter().map(|name| format!("{name}.rs")).collect();
    let fault = format!("src: it holds 17 folders and modules, 16 are allowed: {}", entries.join(", "));
    assert_eq!(check(&sources, &[&row]), [fault]);
}
