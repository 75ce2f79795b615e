//! The figures of diffusion models follow from their published configurations; the same sums give the
//! published numbers of parameters exactly.

use capacity::items::{self, Pass, Shape};

/// Sums over operators, as (parameters, multiply-adds, outputs, operators).
#[derive(Default)]
struct Sum(u64, u64, u64, u64);

impl Sum {
    fn add(&mut self, parameters: u64, products: u64, outputs: u64) {
        self.0 += parameters;
        self.1 += products;
        self.2 += outputs;
        self.3 += 1;
    }

    fn conv(&mut self, from: u64, to: u64, kernel: u64, points: u64) {
        let weights = from * to * kernel * kernel;
        self.add(weights + to, weights * points, to * points);
    }

    fn linear(&mut self, from: u64, to: u64, rows: u64) {
        self.add(from * to + to, from * to * rows, to * rows);
    }

    fn unbiased(&mut self, from: u64, to: u64, rows: u64) {
        self.add(from * to, from * to * rows, to * rows);
    }

    fn norm(&mut self, width: u64, rows: u64) {
        self.add(2 * width, 0, width * rows);
    }

    fn residual(&mut self, from: u64, to: u64, points: u64, time: u64) {
        self.norm(from, points);
        self.conv(from, to, 3, points);
        if time > 0 {
            self.linear(time, to, 1);
        }
        self.norm(to, points);
        self.conv(to, to, 3, points);
        if from != to {
            self.conv(from, to, 1, points);
        }
    }

    fn attention(&mut self, width: u64, rows: u64, context: u64, tokens: u64) {
        self.unbiased(width, width, rows);
        self.unbiased(context, width, tokens);
        self.unbiased(context, width, tokens);
        self.add(0, 2 * width * rows * tokens, width * rows);
        self.linear(width, width, rows);
    }

    fn transformer(&mut self, width: u64, rows: u64, depth: u64, context: u64) {
        self.norm(width, rows);
        self.linear(width, width, rows);
        for _ in 0..depth {
            self.norm(width, rows);
            self.attention(width, rows, width, rows);
            self.norm(width, rows);
            self.attention(width, rows, context, PROMPT);
            self.norm(width, rows);
            self.linear(width, 8 * width, rows);
            self.linear(4 * width, width, rows);
        }
        self.linear(width, width, rows);
    }

    fn check(&self, pass: Pass, name: &str) {
        let near = |what, sum: u64, figure: f64| {
            let off = figure / f64::from(u32::try_from(sum / 1000).expect("fits")) / 1e3 - 1.0;
            assert!(off.abs() < 1e-3, "{name}, {what}: {sum}, not {figure}");
        };
        near("parameters", self.0, pass.parameters);
        near("flops", 2 * self.1 / 1000, pass.flops / 1e3);
        near("outputs", self.2, pass.outputs);
        assert!(
            (pass.kernels - f64::from(u32::try_from(self.3).expect("few"))).abs() < 0.5,
            "{name}"
        );
    }
}

/// Tokens of a prompt.
const PROMPT: u64 = 77;

struct UNet {
    widths: &'static [u64],
    depths: &'static [u64],
    middle: u64,
    context: u64,
    side: u64,
    added: u64,
}

impl UNet {
    fn sum(&self) -> Sum {
        let mut s = Sum::default();
        let time = 4 * self.widths[0];
        s.linear(self.widths[0], time, 1);
        s.linear(time, time, 1);
        if self.added > 0 {
            s.linear(self.added, time, 1);
            s.linear(time, time, 1);
        }
        let (skips, side) = self.down(&mut s, time);
        self.up(&mut s, time, skips, side);
        s
    }

    fn block(&self, s: &mut Sum, level: usize, from: u64, points: u64, time: u64) -> u64 {
        let width = self.widths[level];
        s.residual(from, width, points, time);
        if self.depths[level] > 0 {
            s.transformer(width, points, self.depths[level], self.context);
        }
        width
    }

    fn down(&self, s: &mut Sum, time: u64) -> (Vec<u64>, u64) {
        let (mut side, mut width) = (self.side, self.widths[0]);
        s.conv(4, width, 3, side * side);
        let mut skips = vec![width];
        for level in 0..self.widths.len() {
            for _ in 0..2 {
                width = self.block(s, level, width, side * side, time);
                skips.push(width);
            }
            if level + 1 < self.widths.len() {
                side /= 2;
                s.conv(width, width, 3, side * side);
                skips.push(width);
            }
        }
        s.residual(width, width, side * side, time);
        s.transformer(width, side * side, self.middle, self.context);
        s.residual(width, width, side * side, time);
        (skips, side)
    }

    fn up(&self, s: &mut Sum, time: u64, mut skips: Vec<u64>, mut side: u64) {
        let mut width = self.widths[self.widths.len() - 1];
        for level in (0..self.widths.len()).rev() {
            for _ in 0..3 {
                let skip = skips.pop().expect("one for each block");
                width = self.block(s, level, width + skip, side * side, time);
            }
            if level > 0 {
                side *= 2;
                s.conv(width, width, 3, side * side);
            }
        }
        s.norm(width, side * side);
        s.conv(width, 4, 3, side * side);
    }
}

fn decoder(s: &mut Sum, mut side: u64) {
    let mut width = 512;
    s.conv(4, 4, 1, side * side);
    s.conv(4, width, 3, side * side);
    s.residual(width, width, side * side, 0);
    s.norm(width, side * side);
    s.attention(width, side * side, width, side * side);
    s.0 += 3 * width;
    s.residual(width, width, side * side, 0);
    for (level, to) in [512, 512, 256, 128].into_iter().enumerate() {
        for _ in 0..3 {
            s.residual(width, to, side * side, 0);
            width = to;
        }
        if level < 3 {
            side *= 2;
            s.conv(width, width, 3, side * side);
        }
    }
    s.norm(width, side * side);
    s.conv(width, 3, 3, side * side);
}

/// Products and outputs twice: with the prompt and without.
fn text(s: &mut Sum, layers: u64, width: u64) {
    let mut once = Sum(49_408 * width + PROMPT * width, 0, 0, 0);
    for _ in 0..layers {
        once.norm(width, PROMPT);
        for _ in 0..3 {
            once.linear(width, width, PROMPT);
        }
        once.1 += 2 * width * PROMPT * PROMPT;
        once.2 += width * PROMPT;
        once.linear(width, width, PROMPT);
        once.norm(width, PROMPT);
        once.linear(width, 4 * width, PROMPT);
        once.linear(4 * width, width, PROMPT);
    }
    once.norm(width, PROMPT);
    s.0 += once.0;
    s.1 += 2 * once.1;
    s.2 += 2 * once.2;
    s.3 += once.3;
}

fn parts(model: &str) -> (Pass, Pass) {
    match items::model(model).expect("built in").shape {
        Shape::Diffusion { unet, ends } => (unet, ends),
        other => panic!("{other:?}"),
    }
}

#[test]
fn stable_diffusion() {
    let (widths, depths) = (&[320, 640, 1280, 1280], &[1, 1, 1, 0]);
    let unet = UNet { widths, depths, middle: 1, context: 768, side: 64, added: 0 }.sum();
    assert_eq!(unet.0, 859_520_964, "published");
    let (pass, ends) = parts("sd-1.5");
    unet.check(pass, "U-Net");
    let mut sum = Sum::default();
    decoder(&mut sum, 64);
    assert_eq!(sum.0, 49_490_199, "published");
    text(&mut sum, 12, 768);
    assert_eq!(sum.0, 49_490_199 + 123_060_480, "published");
    sum.check(ends, "ends");
}

#[test]
fn stable_diffusion_xl() {
    let (widths, depths) = (&[320, 640, 1280], &[0, 2, 10]);
    let unet = UNet { widths, depths, middle: 10, context: 2048, side: 128, added: 2816 }.sum();
    assert_eq!(unet.0, 2_567_463_684, "published");
    let (pass, ends) = parts("sdxl");
    unet.check(pass, "U-Net");
    let mut sum = Sum::default();
    decoder(&mut sum, 128);
    text(&mut sum, 12, 768);
    text(&mut sum, 32, 1280);
    // The projection of the second encoder.
    sum.0 += 1280 * 1280;
    sum.check(ends, "ends");
}
