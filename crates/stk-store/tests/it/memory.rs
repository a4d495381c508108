use bytes::Bytes;
use stk_store::{Memory, PutMode, Store as _};

use crate::contract;

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::every_promise(&Memory::new()).await;
}

#[tokio::test]
async fn clones_share_their_objects_and_debug_shows_none() {
    let store = Memory::new();
    let key = contract::package("shared");
    store
        .put(&key, Bytes::from_static(b"secret"), PutMode::Create)
        .await
        .unwrap();
    let object = store.clone().get(&key).await.unwrap().unwrap();
    assert_eq!(object.bytes, "secret");
    insta::assert_snapshot!(format!("{store:?} {object:?}"), @r#"Memory { objects: 1 } Object { size: 6, version: Version("1") }"#);
}
