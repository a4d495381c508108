use stk_store::{Deleted, Memory, deployed};

use crate::sample::{alias, deployed as unit, locked, run_id, target};

#[tokio::test]
async fn what_is_deployed_comes_back_in_the_order_of_the_file() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let units = [unit("b", 0), unit("z", 1), unit("a", 2), unit("c", 2)];
    for unit in units.iter().rev() {
        deployed::put(&store, &lock, unit).await.unwrap();
    }
    assert_eq!(deployed::all(&store, &target("shop")).await.unwrap(), units);
    assert_eq!(deployed::all(&store, &target("other")).await.unwrap(), []);

    let one = deployed::load(&store, &target("shop"), &alias("z"))
        .await
        .unwrap();
    assert_eq!(one.as_ref(), Some(&units[1]));
    let remove = async || deployed::remove(&store, &lock, &alias("z")).await.unwrap();
    assert_eq!(remove().await, Deleted::Removed);
    assert_eq!(remove().await, Deleted::Absent);
    assert_eq!(
        deployed::load(&store, &target("shop"), &alias("z"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        deployed::all(&store, &target("shop")).await.unwrap().len(),
        3
    );
}
