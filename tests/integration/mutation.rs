//! `verify-story --mutate`: stories that could not fail are found out, and the score is a gate.

use serde_json::Value;

use super::sandbox::Sandbox;

/// A story of orders that is content with little.
const STORY: &str = "\
story: ORD-1
title: Orders are kept
criteria:
  - { id: kept, text: An order is kept., provenBy: database }
scenarios:
  - name: an order comes back
    proves: [kept]
    as: { tenant: acme }
    steps:
      - insert: { into: orders, row: { note: first }, save: order }
      - expectRows:
          table: orders
          rows: [{ orderId: $order.orderId, status: open, total: 0 }]
      - expectError:
          kind: check
          constraint: ckOrdersStatus
          step:
            insert: { into: orders, row: { status: lost } }
";

fn project(story: &str) -> Sandbox {
    let sandbox = Sandbox::small();
    sandbox.write("fixtures/stories/ORD-1.yaml", story);
    sandbox
}

fn mutant<'j>(json: &'j Value, object: &str, mutation: &str) -> &'j Value {
    let mutants = json["data"]["mutation"]["mutants"].as_array();
    let mut mutants = mutants.expect("mutants").iter();
    mutants
        .find(|it| it["object"] == object && it["mutation"] == mutation)
        .unwrap_or_else(|| panic!("no {mutation} of {object}"))
}

#[test]
fn a_mutant_is_killed_by_the_scenario_that_notices_it_or_survives_with_advice() {
    let sandbox = project(STORY);
    let json = sandbox.json(0, &["verify-story", "--mutate"]);
    let killed = mutant(&json, "orders.ckOrdersStatus", "dropped");
    assert_eq!(killed["verdict"], "killed");
    assert_eq!(killed["killedBy"]["story"], "ORD-1");
    assert_eq!(killed["killedBy"]["scenario"], "an order comes back");
    assert_eq!(killed["killedBy"]["step"], "3");
    assert_eq!(killed["killedBy"]["file"], "fixtures/stories/ORD-1.yaml");
    assert_eq!(killed["killedBy"]["line"], 18);
    let survived = mutant(&json, "orders.ckOrdersTotal", "dropped");
    assert_eq!(survived["verdict"], "survived");
    assert_eq!(survived["file"], "schema/orders.yaml");
    let advice = survived["advice"].as_str().expect("advice");
    assert!(advice.contains("constraint: ckOrdersTotal"), "{advice}");
    let index = "orders.ixOrdersTenantIdStatusCreatedAt";
    assert_eq!(mutant(&json, index, "dropped")["verdict"], "noPlan");

    let data = &json["data"]["mutation"];
    let count = |verdict: &str| {
        let mutants = data["mutants"].as_array().expect("mutants").iter();
        mutants.filter(|it| it["verdict"] == verdict).count() as u64
    };
    for verdict in ["killed", "survived", "equivalent", "noPlan", "untried"] {
        assert_eq!(data[verdict], count(verdict), "{verdict}");
    }
    assert_eq!(data["untried"], 0);
    let score = data["score"].as_f64().expect("a score");
    let (killed, survived) = (count("killed") as f64, count("survived") as f64);
    let exact = killed / (killed + survived) * 100.0;
    assert!(score <= exact && exact - score < 0.1, "{score} of {exact}");
    // Each survivor is a finding on the line that declares what is broken.
    let warnings = json["findings"].as_array().expect("findings").iter();
    let survivors = warnings.filter(|it| it["code"] == "mutation/survived");
    assert_eq!(survivors.count() as u64, count("survived"));
}

#[test]
fn the_same_mutants_come_to_the_same_in_the_same_order() {
    let sandbox = project(STORY);
    let told = || {
        let json = sandbox.json(0, &["verify-story", "--mutate"]);
        let mutants = json["data"]["mutation"]["mutants"].clone();
        let mut mutants: Vec<Value> = mutants.as_array().expect("mutants").clone();
        for mutant in &mut mutants {
            mutant["durationMs"] = Value::Null;
        }
        mutants
    };
    assert_eq!(told(), told());
}

#[test]
fn the_score_is_a_gate() {
    let sandbox = project(STORY);
    sandbox.ok(&["verify-story", "--mutate", "--min-score", "5"]);
    let run = sandbox.fails(
        5,
        &[
            "verify-story",
            "--mutate",
            "--min-score",
            "99",
            "--report",
            "junit=out.xml",
        ],
    );
    run.says("--min-score wants 99 %").says("in persistence");
    assert!(sandbox.read("out.xml").contains("type=\"mutation/score\""));
    for wrong in ["101", "-1", "many"] {
        let argument = format!("--min-score={wrong}");
        sandbox
            .fails(2, &["verify-story", "--mutate", &argument])
            .says("from 0 to 100");
    }
    sandbox.fails(2, &["verify-story", "--min-score", "5"]);
}

#[test]
fn a_survivor_can_be_explained_as_long_as_it_survives() {
    let explained = |object: &str, more: &str| {
        project(&format!(
            "{STORY}survivors:\n  - {{ object: {object}, reason: nobody writes it{more} }}\n"
        ))
    };
    let holds = explained("orders.note", "");
    holds
        .fails(6, &["verify-story", "--mutate"])
        .says("no mutant breaks it in this way");
    let key = "orders.ckOrdersTotal";
    let json = explained(key, "").json(0, &["verify-story", "--mutate"]);
    let key = mutant(&json, key, "dropped");
    assert_eq!(key["verdict"], "survived");
    assert_eq!(key["reason"], "nobody writes it");
    explained(
        "orders.ckOrdersTotal",
        ", mutation: dropped, until: 2020-01-31",
    )
    .fails(6, &["verify-story", "--mutate"])
    .says("ended on 2020-01-31")
    .says("fixtures/stories/ORD-1.yaml:20");
    explained("orders.ckOrdersStatus", ", mutation: dropped")
        .fails(6, &["verify-story", "--mutate"])
        .says("\"an order comes back\", notices it");
    // Without --mutate nobody knows what survives; a name that is none is wrong all the same.
    explained("orders.ckOrdersStatus", "").ok(&["verify-story"]);
    explained("orders.ckOrdersStaus", "")
        .fails(6, &["verify-story"])
        .says("orders.ckOrdersStatus");
}

#[test]
fn red_stories_are_not_tried_on_mutants() {
    let sandbox = project(&STORY.replace("status: open, total: 0", "status: closed"));
    let json = sandbox.json(5, &["verify-story", "--mutate", "--min-score", "1"]);
    assert_eq!(json["data"]["mutation"], Value::Null);
    let run = sandbox.fails(5, &["verify-story", "--mutate"]);
    run.says("a scenario is red on the whole schema");
}

#[test]
fn what_there_is_to_verify_is_listed_without_a_run() {
    let sandbox = project(STORY);
    let run = sandbox.ok(&["verify-story", "--list"]);
    run.says("ORD-1 Orders are kept")
        .says("an order comes back (fixtures/stories/ORD-1.yaml:6)");
    assert!(!run.seen().contains('✓'), "{run}");
    let json = sandbox.json(0, &["verify-story", "--list", "--mutate"]);
    let story = &json["data"]["stories"][0];
    assert_eq!(story["criteria"][0]["by"][0], "an order comes back");
    assert_eq!(story["scenarios"][0]["line"], 6);
    let mutants = json["data"]["mutants"].as_array().expect("mutants");
    assert!(mutants.iter().any(|it| it["counts"] == true));
}

#[test]
fn a_name_that_no_scenario_has_is_no_green_run() {
    let sandbox = project(STORY);
    sandbox
        .fails(2, &["verify-story", "--only", "an oder"])
        .says("--list");
    sandbox.ok(&["verify-story", "--only", "an order"]);
}
