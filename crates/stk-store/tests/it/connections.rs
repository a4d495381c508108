use stk_store::connections::{self, Published, Withdrawn};
use stk_store::{Memory, RecordError};

use crate::sample::{alias, connection, locked, run_id};

#[tokio::test]
async fn a_connection_is_published_and_read_by_name() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let mine = connection("orders topic", "shop", "topic", run_id(1));
    let publish = async |record| connections::publish(&store, &lock, record).await.unwrap();
    assert_eq!(publish(&mine).await, Published::Created);
    assert_eq!(publish(&mine).await, Published::Replaced);
    // The plugin may get another alias; the project stays the same.
    let renamed = connection("orders topic", "shop", "topic-2", run_id(1));
    assert_eq!(publish(&renamed).await, Published::Replaced);

    assert_eq!(
        connections::load(&store, "dev", "orders topic")
            .await
            .unwrap(),
        Some(renamed.clone())
    );
    assert_eq!(
        connections::load(&store, "prod", "orders topic")
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        connections::of_environment(&store, "dev").await.unwrap(),
        [renamed]
    );
    assert_eq!(
        connections::of_environment(&store, "prod").await.unwrap(),
        []
    );
}

#[tokio::test]
async fn only_its_publisher_withdraws_a_connection() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let withdraw = async |publisher: &str| {
        connections::withdraw(&store, &lock, &alias(publisher), "orders")
            .await
            .unwrap()
    };
    assert_eq!(withdraw("topic").await, Withdrawn::NotThere);
    let mine = connection("orders", "shop", "topic", run_id(1));
    connections::publish(&store, &lock, &mine).await.unwrap();
    assert_eq!(
        withdraw("queue").await,
        Withdrawn::OfAnother(mine.published_by.clone())
    );

    let other = locked(&store, "other", run_id(2)).await;
    let theirs = connection("orders", "other", "topic", run_id(2));
    assert_eq!(
        connections::publish(&store, &other, &theirs).await.unwrap(),
        Published::TakenFrom(mine.published_by)
    );
    assert_eq!(
        withdraw("topic").await,
        Withdrawn::OfAnother(theirs.published_by)
    );
    let gone = connections::withdraw(&store, &other, &alias("topic"), "orders")
        .await
        .unwrap();
    assert_eq!(gone, Withdrawn::Withdrawn);
    assert_eq!(
        connections::load(&store, "dev", "orders").await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_connection_of_somebody_else_is_not_published() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let mut elsewhere = connection("orders", "shop", "topic", run_id(1));
    elsewhere.environment = "prod".to_owned();
    for foreign in [
        elsewhere,
        connection("orders", "other", "topic", run_id(1)),
        connection("orders", "shop", "topic", run_id(2)),
    ] {
        let error = connections::publish(&store, &lock, &foreign)
            .await
            .unwrap_err();
        assert!(matches!(error, RecordError::OutsideLock { .. }));
    }
}
