//! The page on accuracy is what the stored calibration says, and that is what the data say.

use std::path::{Path, PathBuf};

use capacity::calibrate::{Stage, belongs, errors, outcome, read};
use capacity::evaluate::{NoTable, Table, evaluate};
use capacity::{Calibration, Engine, accuracy};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The measurements; they do not lie in this repository.
fn rows() -> Option<String> {
    std::fs::read_to_string(root().join("../shared/data/inference/silicon_calibration.csv")).ok()
}

#[test]
fn the_page_is_generated_from_the_stored_calibration() {
    let page = std::fs::read_to_string(root().join(accuracy::PAGE))
        .expect("the page is in the repository");
    assert_eq!(page, accuracy::page(Calibration::stored()), "run `cargo xtask calibrate`");
}

#[test]
fn held_out_errors_keep_the_promise() {
    let stored = &Calibration::stored().errors;
    for left_out in ["group", "tensor parallelism", "shape"] {
        let all = |e: &&capacity::Errors| {
            e.left_out == left_out && e.models == "dense" && e.engine == "all"
        };
        let all = stored.iter().find(all).expect("every fold is stored");
        assert!(all.tpot_mean <= 10.0, "TPOT by {left_out}: {} %", all.tpot_mean);
        assert!(all.ttft_mean <= 20.0, "TTFT by {left_out}: {} %", all.ttft_mean);
    }
}

#[test]
fn stored_errors_are_those_of_the_data() {
    let Some(text) = rows() else {
        println!("skipped: the measurements are not here");
        return;
    };
    let stored = Calibration::stored();
    let cases = read(&text);
    let fitted = |c: &&capacity::evaluate::Case| {
        Engine::ALL
            .into_iter()
            .any(|e| belongs(Stage::Dense, e, c) || belongs(Stage::Experts, e, c))
    };
    let never: Vec<_> = cases
        .iter()
        .filter(|c| !fitted(c))
        .filter_map(|c| outcome(c, &stored.coefficients))
        .collect();
    let expected: Vec<_> =
        stored.errors.iter().filter(|e| e.left_out == "never fitted").cloned().collect();
    assert_eq!(errors("never fitted", &never), expected);
}

#[test]
fn a_table_is_answered_row_by_row() {
    let text = "id,silicon_data_source,backend,model_path,system,isl,osl,gemm_quant_mode,tp_size,silicon_ttft_ms,silicon_tpot_ms,concurrency\n\
        a,\"mine, of today\",vllm,meta-llama/Llama-3.1-8B,h100_sxm,1024,128,fp8,1,50,8,4\n\
        b,,vllm,nobody/knows,h100_sxm,1024,128,,1,,,4\n\
        c,,vllm,llama-3.1-70b,l4,1024,128,,1,,,4\n\
        d,,vllm,llama-3.1-8b,a100-80,1024,128\n";
    let done = evaluate(text, Calibration::stored()).expect("a table");
    let table = Table::read(&done.csv);
    assert_eq!(table.rows.len(), 4);
    let field = |row: usize, name: &str| table.field(&table.rows[row], name).to_owned();
    assert_eq!(field(0, "silicon_data_source"), "mine, of today");
    assert_eq!(field(0, "basis"), "calibrated");
    let number = |name: &str| field(0, name).parse::<f64>().expect(name);
    assert!(number("tpot_low_ms") < number("predicted_tpot_ms") * 1.01);
    assert!(number("ttft_low_ms") < number("ttft_high_ms"));
    for row in 1..4 {
        assert_eq!(field(row, "predicted_tpot_ms"), "");
    }
    assert!(field(1, "not_modelled").contains("nobody/knows"));
    assert!(field(2, "not_modelled").contains("does not fit"));
    assert!(field(3, "not_modelled").contains("`concurrency` is not given"));
    assert!(done.summary.text().contains("rows without prediction"));
}

#[test]
fn what_is_no_table_is_refused() {
    let error = |text: &str| evaluate(text, Calibration::stored()).expect_err(text);
    assert_eq!(error(""), NoTable::NoRows);
    assert_eq!(error("a,b\n1,2\n"), NoTable::NoColumn("model_path"));
}
