//! `muster capacity` as people run it.

use crate::{muster, stderr, stdout};
use serde_json::Value;
use std::fs;

fn answer(arguments: &[&str]) -> Value {
    let output = muster(&[&["capacity", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn the_question_of_the_manual() {
    let one = ["--model", "llama-3.1-8b", "--gpu", "a100-80gb", "--users", "500", "--slice", "none"];
    let value = answer(&one);
    let best = &value["options"][0];
    let seats = best["perReplica"]["seats"].as_f64().unwrap();
    let between = best["perReplica"]["seatsBetween"].as_array().unwrap();
    let ends: Vec<_> = between.iter().map(|it| it.as_f64().unwrap()).collect();
    assert!(ends[0] <= seats && seats <= ends[1], "{best}");
    assert_eq!(best["basis"], "modelled only", "no A100 was measured end to end");
    assert!(best["ttft"]["p95"]["value"].as_f64().unwrap() <= 0.5);
    assert!(best["tpot"]["p95"]["value"].as_f64().unwrap() <= 0.05);
    assert_eq!(value, answer(&one), "the same question has the same answer");
}

#[test]
fn a_model_that_fits_nowhere_says_what_it_needs() {
    let output = muster(&["capacity", "--model", "llama-3.1-70b", "--gpu", "l4", "--tp", "1"]);
    assert!(output.status.success());
    let text = stdout(&output);
    assert!(text.contains("No option keeps this promise"), "{text}");
    assert!(text.contains("GB for weights"), "{text}");
}

#[test]
fn a_typo_names_what_was_meant() {
    let output = muster(&["capacity", "--model", "lama-3.1-8b"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `llama-3.1-8b`"), "{}", stderr(&output));
    let output = muster(&["capacity", "--model", "llama-3.1-8b", "--gpu", "h101"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `h100`"), "{}", stderr(&output));
    let output = muster(&["capacity", "--model", "llama-3.1-8b", "--ttft", "500"]);
    assert!(stderr(&output).contains("a duration with its unit"), "{}", stderr(&output));
}

#[test]
fn a_compose_file_asks() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compose.yaml");
    let text = "name: chat\nservices:\n  chat:\n    image: vllm/vllm-openai:v0.15.1\n    x-muster:\n      inference: { model: qwen2.5-7b, users: 50, think_time: 10s, ttft: 800ms, tpot: 60ms, gpu: h100 }\n";
    fs::write(&file, text).unwrap();
    let value = answer(&["--from", file.to_str().unwrap()]);
    assert_eq!(value["model"], "qwen2.5-7b");
    assert_eq!(value["promise"]["ttft"], 0.8);
    let gpus = value["options"].as_array().unwrap().iter().map(|it| &it["option"]["gpu"]);
    assert!(gpus.into_iter().all(|gpu| gpu == "h100"));
}

#[test]
fn a_sweep_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("curve.svg");
    let output = muster(&[
        "capacity", "--model", "llama-3.1-8b", "--gpu", "h100", "--tp", "1", "--slice", "none",
        "--sweep", "--plot", file.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("Time to first token"));
    assert!(fs::read_to_string(&file).unwrap().starts_with("<svg"));
}

#[test]
fn traces_are_replayed_and_broken_lines_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.csv");
    let mut text = "arrival_s,input,output\n".to_owned();
    for at in 0..400 {
        text.push_str(&format!("{}.5,{},{}\n", at / 4, 200 + at % 7 * 100, 20 + at % 11 * 9));
    }
    fs::write(&file, &text).unwrap();
    let path = file.to_str().unwrap();
    let value = answer(&["--model", "llama-3.1-8b", "--gpu", "l40s", "--trace", path]);
    assert!(value["options"][0]["replicas"]["needed"].as_u64() >= Some(1));
    fs::write(&file, text + "7,many,3\n").unwrap();
    let output = muster(&["capacity", "--model", "llama-3.1-8b", "--trace", path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("402"), "{}", stderr(&output));
}

#[test]
fn measured_rows_get_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, out) = (folder.path().join("rows.csv"), folder.path().join("out.csv"));
    let text = "model_path,system,backend,tp_size,isl,osl,concurrency,gemm_quant_mode,silicon_ttft_ms,silicon_tpot_ms\n\
        meta-llama/Llama-3.1-8B-Instruct,h100_sxm,vllm,1,1024,128,16,bfloat16,150,9.8\n\
        nobody/knows,h100_sxm,vllm,1,1024,128,16,bfloat16,150,9.8\n";
    fs::write(&rows, text).unwrap();
    let (rows, path) = (rows.to_str().unwrap(), out.to_str().unwrap());
    let output = muster(&["capacity", "evaluate", rows, "--out", path]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("Not predicted"), "{}", stdout(&output));
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.lines().next().unwrap().contains("predicted_ttft_ms"));
    assert_eq!(written.lines().count(), 3);
}

#[test]
fn items_have_rates() {
    let value = answer(&["--model", "resnet-50", "--gpu", "t4", "--latency", "50ms", "--rate", "2000"]);
    assert!(value["options"][0]["plan"]["rate"].as_f64() > Some(500.0));
}
