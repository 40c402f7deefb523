//! Writes every type of the protocol as one TypeScript file: `gen_ts FILE` (run by `npm run gen`).

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};

use oreforge_protocol::{Command, Event, LivePreview, Reply, Report};
use ts_rs::{Config, TS, TypeVisitor};

const HEADER: &str = "// Generated from crates/protocol by `npm run gen`. Do not edit.\n";

/// Declarations by name: the order of the file must not depend on the order of discovery.
struct Declarations<'a> {
    config: &'a Config,
    seen: HashSet<TypeId>,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            self.by_name.insert(T::ident(self.config), format!("{docs}export {}\n", T::decl(self.config)));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn main() -> std::io::Result<()> {
    let Some(path) = std::env::args_os().nth(1) else {
        return Err(std::io::Error::other("usage: gen_ts FILE"));
    };
    let config = Config::default();
    let mut declarations = Declarations { config: &config, seen: HashSet::new(), by_name: BTreeMap::new() };
    declarations.visit::<Command>();
    declarations.visit::<Reply>();
    declarations.visit::<Event>();
    declarations.visit::<LivePreview>();
    declarations.visit::<Report>();
    let bodies: Vec<String> = declarations.by_name.into_values().collect();
    std::fs::write(path, format!("{HEADER}\n{}", bodies.join("\n")))
}
