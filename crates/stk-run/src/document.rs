use serde::Serialize;

use crate::{ProjectKind, RunRecord};

/// The run as other programs read it: the document that the cancel action writes to
/// `run_data_output.json`, in the shape that StackSpot's own service answers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDocument<'a> {
    run_id: String,
    app_id: Option<&'a str>,
    infra_id: Option<&'a str>,
    env_id: &'a str,
    deployment_id: String,
    r#type: &'static str,
    status: &'static str,
    created_at: String,
    updated_at: String,
    applied_plugins: Vec<DocumentPlugin<'a>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentPlugin<'a> {
    plugin_applied_alias: &'a str,
    tasks: Vec<DocumentTask<'a>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentTask<'a> {
    id: String,
    r#type: &'static str,
    status: &'static str,
    error_details: &'a str,
    logs: &'static str,
}

impl<'a> RunDocument<'a> {
    /// The document of `record`. `deploymentId` is the run's own id and `envId` the environment's
    /// name, since without StackSpot's service neither has another identity; `logs` is empty.
    #[must_use]
    pub fn of(record: &'a RunRecord) -> Self {
        let id = |kind| (record.project.kind == kind).then_some(record.target.project.as_str());
        // A task of the whole project is one of every plugin's.
        let tasks_of = |alias: &crate::Alias| {
            record
                .tasks
                .iter()
                .filter(|task| task.alias.as_ref().is_none_or(|of| of == alias))
                .map(|task| DocumentTask {
                    id: task.id.to_string(),
                    r#type: task.kind.name(),
                    status: task.status.name(),
                    error_details: task.error_details.as_deref().unwrap_or_default(),
                    logs: "",
                })
                .collect()
        };
        Self {
            run_id: record.run_id.to_string(),
            app_id: id(ProjectKind::App),
            infra_id: id(ProjectKind::Infra),
            env_id: &record.target.environment,
            deployment_id: record.run_id.to_string(),
            r#type: "DEPLOY_SELF_HOSTED",
            status: record.status.name(),
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
            applied_plugins: record
                .units
                .iter()
                .map(|unit| DocumentPlugin {
                    plugin_applied_alias: unit.alias.as_str(),
                    tasks: tasks_of(&unit.alias),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{at, record};

    #[test]
    fn the_document_has_the_published_keys() {
        let mut record = record(&["a"], &[]);
        record.apply(&crate::Event::Cancelled, at(5)).unwrap();
        let document = serde_json::to_string_pretty(&RunDocument::of(&record)).unwrap();
        insta::assert_snapshot!(document, @r#"
        {
          "runId": "01J9V6MWFTWQ392331QBCS46KQ",
          "appId": null,
          "infraId": "shop",
          "envId": "dev",
          "deploymentId": "01J9V6MWFTWQ392331QBCS46KQ",
          "type": "DEPLOY_SELF_HOSTED",
          "status": "CANCELED",
          "createdAt": "2024-10-10T12:00:00Z",
          "updatedAt": "2024-10-10T12:00:05Z",
          "appliedPlugins": [
            {
              "pluginAppliedAlias": "a",
              "tasks": [
                {
                  "id": "01J9V6MWFTAHD82GKEESSJ6MKY",
                  "type": "IAC_SELF_HOSTED",
                  "status": "ABORTED",
                  "errorDetails": "",
                  "logs": ""
                },
                {
                  "id": "01J9V6MWFTSYMJRECMZC90H68X",
                  "type": "DEPLOY_SELF_HOSTED",
                  "status": "ABORTED",
                  "errorDetails": "",
                  "logs": ""
                }
              ]
            }
          ]
        }
        "#);
    }
}
