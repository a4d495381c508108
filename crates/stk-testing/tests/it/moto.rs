use std::time::Instant;

use serde_json::json;
use stk_testing::moto::Moto;

#[test]
fn it_tells_what_exists_and_forgets_on_reset() {
    let Some(moto) = Moto::require("it_tells_what_exists_and_forgets_on_reset") else {
        return;
    };
    assert_eq!(
        (moto.topics(), moto.queues(), moto.parameters()),
        (vec![], vec![], vec![])
    );

    for name in ["second", "first"] {
        let made = moto.aws_json_with("sns", "create_topic", &json!({"Name": name}));
        let arn = format!("arn:aws:sns:{}:123456789012:{name}", Moto::REGION);
        assert_eq!(made, json!({"TopicArn": arn}));
        let _ = moto.aws_json_with("sqs", "create_queue", &json!({"QueueName": name}));
    }
    let parameter = json!({"Name": "/acme/arn", "Value": "arn:first", "Type": "String"});
    let _ = moto.aws_json_with("ssm", "put_parameter", &parameter);

    assert_eq!(moto.topics(), ["first", "second"]);
    assert_eq!(moto.queues(), ["first", "second"]);
    assert_eq!(moto.parameters(), ["/acme/arn"]);
    assert_eq!(moto.parameter("/acme/arn").as_deref(), Some("arn:first"));
    assert_eq!(moto.parameter("/acme/absent"), None);

    moto.reset();
    assert_eq!(
        (moto.topics(), moto.queues(), moto.parameters()),
        (vec![], vec![], vec![])
    );
}

#[test]
fn an_answer_of_many_pages_is_whole() {
    let Some(moto) = Moto::require("an_answer_of_many_pages_is_whole") else {
        return;
    };
    for name in ["/acme/1", "/acme/2", "/acme/3"] {
        let parameter = json!({"Name": name, "Value": "x", "Type": "String"});
        let _ = moto.aws_json_with("ssm", "put_parameter", &parameter);
    }
    let one_a_page = json!({"PaginationConfig": {"PageSize": 1}});
    let answer = moto.aws_json_with("ssm", "describe_parameters", &one_a_page);
    assert_eq!(answer["Parameters"].as_array().map(Vec::len), Some(3));
}

#[test]
fn two_servers_do_not_see_each_other() {
    let test = "two_servers_do_not_see_each_other";
    let Some(one) = Moto::require(test) else {
        return;
    };
    let Some(other) = Moto::require(test) else {
        return;
    };
    assert_ne!(one.endpoint(), other.endpoint());
    let _ = one.aws_json_with("sqs", "create_queue", &json!({"QueueName": "mine"}));
    assert_eq!(one.queues(), ["mine"]);
    assert_eq!(other.queues(), Vec::<String>::new());
}

#[test]
fn a_dropped_server_is_gone() {
    let Some(moto) = Moto::require("a_dropped_server_is_gone") else {
        return;
    };
    let address = moto.endpoint().trim_start_matches("http://").to_owned();
    std::net::TcpStream::connect(&address).unwrap();
    let before = Instant::now();
    drop(moto);
    assert!(before.elapsed().as_secs() < 10);
    std::net::TcpStream::connect(&address).unwrap_err();
}

#[test]
#[should_panic(expected = "QueueDoesNotExist")]
fn a_failed_operation_says_what_aws_said() {
    let Some(moto) = Moto::require("a_failed_operation_says_what_aws_said") else {
        panic!("skipped, which must look as expected: QueueDoesNotExist");
    };
    let _ = moto.aws_json_with("sqs", "get_queue_url", &json!({"QueueName": "absent"}));
}
