use std::error::Error as _;

use bytes::Bytes;
use stk_run::{PlanSummary, RunId};
use stk_store::{Key, Memory, PutMode, RecordError, Store, plans};

use crate::sample::{locked, run_id};

fn summary(run_id: RunId) -> PlanSummary {
    let text = include_str!("../../../../fixtures/records/v1/plan-mixed.json");
    let summary: PlanSummary = serde_json::from_str(text).unwrap();
    PlanSummary { run_id, ..summary }
}

#[tokio::test]
async fn what_is_approved_is_read_back_and_a_repeated_task_writes_it_anew() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    assert_eq!(plans::load_summary(&store, run_id(1)).await.unwrap(), None);
    let mut summary = summary(run_id(1));
    for tag in ["v1", "v2"] {
        summary.version_tag = tag.to_owned();
        plans::put_summary(&store, &lock, &summary).await.unwrap();
        assert_eq!(
            plans::load_summary(&store, run_id(1)).await.unwrap(),
            Some(summary.clone())
        );
    }
}

#[tokio::test]
async fn what_another_run_planned_is_neither_written_nor_read() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let other = summary(run_id(2));
    let error = plans::put_summary(&store, &lock, &other).await.unwrap_err();
    assert!(matches!(error, RecordError::OutsideLock { .. }));
    let key = Key::PlanSummary(run_id(1));
    let put = |text: String| store.put(&key, Bytes::from(text), PutMode::Overwrite);
    put(serde_json::to_string(&other).unwrap()).await.unwrap();
    let error = plans::load_summary(&store, run_id(1)).await.unwrap_err();
    assert!(matches!(error, RecordError::Misplaced { .. }));
    put("{\"version\": 2}".to_owned()).await.unwrap();
    let error = plans::load_summary(&store, run_id(1)).await.unwrap_err();
    assert!(error.source().is_none());
    insta::assert_snapshot!(error, @"`runs/01J9V6MWFTWQ39230000000001/plan.json` in memory is a plan summary in version 2 of its form, and this program knows no version after 1");
}
