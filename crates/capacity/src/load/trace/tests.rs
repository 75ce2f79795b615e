use super::{Row, Trace};
use proptest::prelude::*;

fn rows(text: &str) -> Vec<(f64, u32, u32)> {
    let trace = Trace::read(text.as_bytes()).expect("it is a trace");
    trace.rows().iter().map(|Row { at, prompt, output, .. }| (*at, *prompt, *output)).collect()
}

fn fault(text: &[u8]) -> String {
    Trace::read(text).expect_err("it is no trace").to_string()
}

#[test]
fn azure() {
    let text = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
        2023-11-16 18:15:46.5000000,374,44\r\n\
        2023-11-16 18:15:50.7500000,396,109\r\n";
    assert_eq!(rows(text), [(0.0, 374, 44), (4.25, 396, 109)]);
}

#[test]
fn plain_in_any_order() {
    let text = "arrival_s, input, output, note\n7,2,3,x\n\n5.5,10,20";
    assert_eq!(rows(text), [(0.0, 10, 20), (1.5, 2, 3)]);
}

#[test]
fn mooncake() {
    let text = r#"{"timestamp": 500, "input_length": 700, "output_length": 6, "hash_ids": [3, 4]}
{"timestamp": 2500, "input_length": 600, "output_length": 9, "hash_ids": [3, 5], "more": 1}
{"timestamp": 2500, "input_length": 6, "output_length": 9}"#;
    assert_eq!(rows(text), [(0.0, 700, 6), (2.0, 600, 9), (2.0, 6, 9)]);
    let trace = Trace::read(text.as_bytes()).expect("it is a trace");
    let prefixes: Vec<_> = trace.rows().iter().map(|row| row.prefix.as_deref()).collect();
    assert_eq!(prefixes, [Some(&[0, 1][..]), Some(&[0, 2][..]), None]);
    assert_eq!((trace.sharing().piece, trace.sharing().names), (512, 3));
}

#[test]
fn faults_name_the_line_and_what_to_do() {
    let cases: [(&[u8], &str); 8] = [
        (b"", "line 1: the trace has no requests; write one a line"),
        (b"arrival_s,input,output\n", "line 1: the trace has no requests; write one a line"),
        (b"when,what\n1,2", "line 1: this is no trace that is known; its first line must be"),
        (b"\x1f\x8b\x08", "line 1: it is not UTF-8 text; is the file compressed?"),
        (b"arrival_s,input,output\n1,2\n", "line 2: it has 2 cells; write three"),
        (b"arrival_s,input,output\n1,2,3\n-1,2,3", "line 3: `-1` is not a number of seconds"),
        (b"arrival_s,input,output\n1,0,3", "line 2: `0` is not a number of tokens; write a whole"),
        (b"{\"timestamp\": 0, \"input_length\": 1}", "line 1: missing field `output_length`"),
    ];
    for (text, expected) in cases {
        let found = fault(text);
        assert!(found.starts_with(expected), "{found}");
    }
    let azure = b"TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,2";
    assert!(fault(azure).starts_with("line 2: `yesterday` is not a moment; write it as 2023-"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(arrival_s,input,output|TIMESTAMP,ContextTokens,GeneratedTokens|\\{)?\n?([0-9:.,\\- {}\"e]{0,40}\n){0,4}") {
        if let Ok(trace) = Trace::read(text.as_bytes()) {
            prop_assert!(trace.rows().iter().all(|row| row.at >= 0.0 && row.prompt > 0 && row.output > 0));
            prop_assert!(trace.rows().is_sorted_by(|a, b| a.at <= b.at));
        }
    }
}
