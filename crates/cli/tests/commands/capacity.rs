//! `muster capacity`.

use super::Place;
use serde_json::Value;

const COMPOSE: &str = "\
name: chat
services:
  chat:
    image: vllm/vllm-openai:v0.15.1
    x-muster:
      inference: { model: qwen2.5-7b, users: 50, think_time: 10s, ttft: 800ms, tpot: 60ms, gpu: h100 }
";

const ROWS: &str = "\
model_path,system,backend,tp_size,isl,osl,concurrency,gemm_quant_mode,silicon_ttft_ms,silicon_tpot_ms
meta-llama/Llama-3.1-8B-Instruct,h100_sxm,vllm,1,1024,128,16,bfloat16,150,9.8
nobody/knows,h100_sxm,vllm,1,1024,128,16,bfloat16,150,9.8
";

fn answer(place: &Place, line: &str) -> Value {
    let run = place.muster(&format!("capacity --json {line}"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_question_of_the_manual() {
    let place = Place::new(&[]);
    let line = "--model llama-3.1-8b --gpu a100-80gb --slice none --users 500";
    let value = answer(&place, line);
    let best = &value["options"][0];
    let seats = best["perReplica"]["seats"].as_f64().unwrap();
    let ends = |at: usize| best["perReplica"]["seatsBetween"][at].as_f64().unwrap();
    assert!(ends(0) <= seats && seats <= ends(1), "{best}");
    assert_eq!(best["basis"], "modelled only", "no A100 was measured end to end");
    assert!(best["ttft"]["p95"]["value"].as_f64() <= Some(0.5), "{best}");
    assert!(best["tpot"]["p95"]["value"].as_f64() <= Some(0.05), "{best}");
    assert_eq!(value, answer(&place, line), "the same question has the same answer");
}

#[test]
fn details_are_told_of_every_option() {
    let place = Place::new(&[]);
    let line = "--model RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8 --gpu NVIDIA-L40S --users 200";
    let options = answer(&place, line)["options"].as_array().unwrap().len();
    assert!(options > 2);
    let told = |flags: &str| {
        let run = place.muster(&format!("capacity {line}{flags}"));
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.matches("bound by ").count()
    };
    assert_eq!((told(""), told(" --details")), (2, options));
}

#[test]
fn a_model_that_fits_nowhere_says_what_it_needs() {
    let run = Place::new(&[]).muster("capacity --model llama-3.1-70b --gpu l4 --tp 1");
    run.shows(0, &["No option keeps this promise", "GB for weights"]);
}

#[test]
fn a_typo_names_what_was_meant() {
    let place = Place::new(&[]);
    place.muster("capacity --model lama-3.1-8b").says(2, &["did you mean `llama-3.1-8b`"]);
    for option in ["--gpu", "--gpus"] {
        let gpu = place.muster(&format!("capacity --model llama-3.1-8b {option} h101"));
        gpu.says(2, &["did you mean `h100`"]);
    }
    let bare = place.muster("capacity --model llama-3.1-8b --ttft 500");
    bare.says(2, &["a duration with its unit"]);
    place.muster("capacity").says(2, &["no model is named", "--from compose.yaml"]);
}

#[test]
fn a_compose_file_asks() {
    let place = Place::new(&[("compose.yaml", COMPOSE)]);
    let value = answer(&place, "--from compose.yaml");
    assert_eq!((&value["model"], &value["promise"]["ttft"]), (&"qwen2.5-7b".into(), &0.8.into()));
    let options = value["options"].as_array().unwrap();
    assert!(!options.is_empty() && options.iter().all(|it| it["option"]["gpu"] == "h100"));
}

#[test]
fn a_plan_has_what_capacity_answers() {
    let place = Place::new(&[("compose.yaml", COMPOSE)]);
    let plan = || {
        let run = place.muster("plan compose.yaml --format json --html plan.html");
        assert_eq!(run.code, 0, "{}", run.stderr);
        (serde_json::from_str::<Value>(&run.stdout).unwrap(), place.read("plan.html"))
    };
    let (first, page) = plan();
    assert_eq!((&first, &page), (&plan().0, &plan().1), "the same file has the same plan");
    let planned = &first["plan"]["serving"][0];
    let asked = answer(&place, "--from compose.yaml");
    let best = &asked["options"][0];
    assert_eq!(planned["chosen"]["gpu"], best["option"]["gpu"]);
    assert_eq!(planned["chosen"]["slice"], best["option"]["slice"]);
    assert_eq!(planned["chosen"]["needed"], best["replicas"]["needed"]);
    assert_eq!(
        planned["options"].as_array().unwrap().len(),
        asked["options"].as_array().unwrap().len()
    );
    let spared = best["replicas"]["needed"].as_u64().unwrap() + 1;
    assert_eq!(planned["replicas"], serde_json::json!([spared, spared]));
    assert_eq!(page.matches("<svg class=\"muster-plot\"").count(), 2, "the curves");
}

/// What the file says beside `x-muster.inference`: devices, and arguments of the engine.
#[test]
fn capacity_reads_a_file_as_a_plan_does() {
    let one = "deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } } }";
    let two = one.replace("count: 1", "count: 2");
    let slice = one.replace("count: 1", "count: 1, options: { mig: 3g.40gb }");
    for (image, rest, model) in [
        ("vllm/vllm-openai:v0.15.1", one.to_owned(), "model: qwen2.5-7b, "),
        ("vllm/vllm-openai:v0.15.1", two, "model: qwen2.5-7b, "),
        ("vllm/vllm-openai:v0.15.1", slice, "model: qwen2.5-7b, "),
        ("vllm/vllm-openai:v0.15.1", "gpus: all".to_owned(), "model: qwen2.5-7b, "),
        (
            "vllm/vllm-openai:v0.15.1",
            "command: '--quantization fp8 --kv-cache-dtype fp8 --max-num-seqs 16 --gpu-memory-utilization 0.5'".to_owned(),
            "model: qwen2.5-7b, ",
        ),
        (
            "vllm/vllm-openai:v0.15.1",
            "command: '--model Qwen/Qwen2.5-7B-Instruct-AWQ -tp 2'".to_owned(),
            "",
        ),
        (
            "lmsysorg/sglang:v0.5.0",
            "command: 'python -m sglang.launch_server --model-path Qwen/Qwen2.5-7B-Instruct'"
                .to_owned(),
            "",
        ),
        (
            "lmsysorg/sglang:v0.5.0",
            "command: '--model-path Qwen/Qwen2.5-7B-Instruct --mem-fraction-static 0.5 --disable-cuda-graph'"
                .to_owned(),
            "",
        ),
        ("acme/chat:1", one.to_owned(), "model: openai/gpt-oss-20b, "),
    ] {
        let compose = format!(
            "name: chat\nservices:\n  chat:\n    image: {image}\n    {rest}\n    x-muster: {{ inference: {{ {model}users: 50, think_time: 10s, ttft: 800ms, tpot: 60ms, gpu: h100 }} }}\n"
        );
        let place = Place::new(&[("compose.yaml", &compose)]);
        let asked = answer(&place, "--from compose.yaml");
        let run = place.muster("plan compose.yaml --format json");
        assert_eq!(run.code, 0, "{}", run.stderr);
        let plan: Value = serde_json::from_str(&run.stdout).unwrap();
        let planned = &plan["plan"]["serving"][0];
        for what in ["model", "weights", "engine"] {
            assert_eq!(planned["asked"][what], asked[what], "{compose}");
        }
        let names = |options: &Value, at: &dyn Fn(&Value) -> Value| {
            options.as_array().unwrap().iter().map(at).collect::<Vec<_>>()
        };
        let of_plan = names(&planned["options"], &|it| {
            serde_json::json!([it["gpu"], it["tensorParallel"], it["slice"], it["needed"]])
        });
        let of_capacity = names(&asked["options"], &|it| {
            let option = &it["option"];
            serde_json::json!([
                option["gpu"],
                option["tensorParallel"],
                option["slice"],
                it["replicas"]["needed"]
            ])
        });
        assert!(!of_plan.is_empty(), "{compose}");
        assert_eq!(of_plan, of_capacity, "{compose}");
    }
}

#[test]
fn a_config_lies_beside_its_compose_file() {
    let config = r#"{ "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256 }"#;
    let compose = COMPOSE.replace("qwen2.5-7b", "./config.json");
    let place = Place::new(&[("chat/compose.yaml", &compose), ("chat/config.json", config)]);
    let value = answer(&place, "--from chat/compose.yaml");
    assert_eq!(value["model"], "./config.json");
    assert!(!value["options"].as_array().unwrap().is_empty());
    std::fs::remove_file(place.path("chat/config.json")).unwrap();
    place.muster("capacity --from chat/compose.yaml").says(2, &["./config.json", "cannot be read"]);
}

#[test]
fn what_a_plan_refuses_to_compute_capacity_refuses_too() {
    let compose = COMPOSE.replace("    x-muster:", "    command: '-pp 2'\n    x-muster:");
    let place = Place::new(&[("compose.yaml", &compose)]);
    place.muster("capacity --from compose.yaml").says(2, &["-pp", "not modelled"]);
    let tgi = "ghcr.io/huggingface/text-generation-inference:3.3.5";
    let place = Place::new(&[("compose.yaml", &COMPOSE.replace("vllm/vllm-openai:v0.15.1", tgi))]);
    let run = place.muster("capacity --from compose.yaml");
    run.says(2, &["nothing was measured of Text Generation Inference", "vllm, sglang"]);
}

#[test]
fn what_the_command_says_of_requests_and_beside_is_told() {
    let told = |command: &str| {
        let line = format!("    command: '{command}'\n    x-muster:");
        let place = Place::new(&[("compose.yaml", &COMPOSE.replace("    x-muster:", &line))]);
        place.muster("capacity --from compose.yaml")
    };
    told("--max-model-len 1000").says(
        2,
        &[
            "compose.yaml:5:",
            "have 1280 tokens",
            "take 1000",
            "--max-model-len 1280 (SGLang: --context-length",
        ],
    );
    told("--max-model-len 1280 --cpu-offload-gb 8")
        .says(0, &["what a replica of `chat` carries is computed without --cpu-offload-gb"]);
}

#[test]
fn a_sweep_is_drawn() {
    let place = Place::new(&[]);
    let line = "capacity --model llama-3.1-8b --gpu h100 --tp 1 --slice none --sweep --plot a.svg";
    place.muster(line).shows(0, &["Time to first token", "requests in flight on a replica"]);
    assert!(place.read("a.svg").starts_with("<svg"));
}

#[test]
fn traces_are_replayed_and_broken_lines_named() {
    let rows =
        (0..400).map(|at| format!("{}.5,{},{}\n", at / 4, 200 + at % 7 * 100, 20 + at % 11 * 9));
    let trace = format!("arrival_s,input,output\n{}", rows.collect::<String>());
    let place =
        Place::new(&[("trace.csv", &trace), ("broken.csv", &(trace.clone() + "7,many,3\n"))]);
    let value = answer(&place, "--model llama-3.1-8b --gpu l40s --trace trace.csv");
    assert!(value["options"][0]["replicas"]["needed"].as_u64() >= Some(1), "{value}");
    let broken = place.muster("capacity --model llama-3.1-8b --trace broken.csv");
    broken.says(2, &["broken.csv", "402"]);
}

#[test]
fn measured_rows_get_predictions() {
    let place = Place::new(&[("rows.csv", ROWS), ("none.csv", "a,b\n1,2\n")]);
    let run = place.muster("capacity evaluate rows.csv --out out.csv");
    run.shows(0, &["1 rows without prediction", "llama-3.1-8b", "E2E error"]);
    let written = place.read("out.csv");
    assert!(written.lines().next().unwrap().contains("predicted_ttft_ms"), "{written}");
    assert_eq!(written.lines().count(), 3);
    let none = place.muster("capacity evaluate none.csv --out out.csv");
    none.says(2, &["none.csv", "model_path"]);
}

#[test]
fn items_have_rates() {
    let line = "--model resnet-50 --gpu t4 --latency 50ms --rate 2000";
    let value = answer(&Place::new(&[]), line);
    assert!(value["options"][0]["plan"]["rate"].as_f64() > Some(500.0), "{value}");
}
