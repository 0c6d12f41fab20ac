//! Benchmarks: `cargo bench`. They measure; they assert nothing about time.

fn main() {
    divan::main();
}
