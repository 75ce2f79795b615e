//! Loading an ordinary project, and refusing a bomb.

use compose::{MemoryFiles, Request, load};
use criterion::{Criterion, criterion_group, criterion_main};
use std::fmt::Write;
use std::hint::black_box;

/// The files of a seed: `compose.yaml`, then others below `%%% name` lines.
fn files(text: &str) -> MemoryFiles {
    let mut parts = text.split("%%% ");
    let first = ("compose.yaml".to_owned(), parts.next().unwrap_or_default().to_owned());
    let others = parts.filter_map(|part| part.split_once('\n'));
    let others = others.map(|(name, body)| (name.trim().to_owned(), body.to_owned()));
    MemoryFiles::new([first].into_iter().chain(others))
}

fn loading(criterion: &mut Criterion) {
    let wide = files(include_str!("../fuzz/seeds/wide.yaml"));
    let several = files(include_str!("../fuzz/seeds/files.yaml"));
    let mut bomb = "x-a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        writeln!(bomb, "x-a{n}: &a{n} [{aliases}]").expect("a string takes any text");
    }
    let bomb = files(&bomb);
    let request = Request::file("compose.yaml");
    for (name, files) in
        [("every attribute", wide), ("include and extends", several), ("bomb", bomb)]
    {
        criterion.bench_function(name, |bench| bench.iter(|| load(black_box(&request), &files)));
    }
}

criterion_group!(benches, loading);
criterion_main!(benches);
