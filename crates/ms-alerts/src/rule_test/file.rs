//! The shape of a file of tests, as promtool takes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::number;
use crate::Compat;
use crate::labels::Labels;
use crate::rules_file::position::{Source, of};
use crate::rules_file::yaml::{self, Node, Text, Texts};
use crate::rules_file::{RuleProblem, duration};
use crate::template::External;

const MINUTE: i64 = 60_000;

/// All times are in milliseconds.
#[derive(Debug)]
pub(super) struct TestFile {
    /// Paths and patterns.
    pub(super) rule_files: Vec<String>,
    pub(super) interval: i64,
    /// The place of each group.
    pub(super) order: BTreeMap<String, usize>,
    /// Numbers that differ in their last bit are the same.
    pub(super) fuzzy: bool,
    pub(super) tests: Vec<Test>,
}

#[derive(Debug)]
pub(super) struct Test {
    pub(super) name: Option<String>,
    /// When the first evaluation is, since 1970.
    pub(super) start: i64,
    /// Between two values of a series.
    pub(super) step: i64,
    pub(super) series: Vec<Input>,
    pub(super) alerts: Vec<AlertTest>,
    pub(super) expressions: Vec<ExpressionTest>,
    pub(super) external: External,
}

/// A line of series and values.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) line: u64,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct AlertTest {
    pub(super) line: u64,
    pub(super) at: i64,
    pub(super) name: String,
    /// Labels and annotations, of which some may be empty.
    pub(super) expected: Vec<(Labels, Labels)>,
}

#[derive(Debug)]
pub(super) struct ExpressionTest {
    pub(super) line: u64,
    pub(super) at: i64,
    pub(super) expression: String,
    /// Metrics as they are written, and numbers.
    pub(super) expected: Vec<(String, f64)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileNode {
    rule_files: Option<Vec<Text>>,
    evaluation_interval: Option<Text>,
    group_eval_order: Option<Vec<Text>>,
    tests: Option<Vec<Option<TestNode>>>,
    fuzzy_compare: Option<Node<bool>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestNode {
    name: Option<Text>,
    interval: Option<Text>,
    input_series: Option<Vec<InputNode>>,
    alert_rule_test: Option<Vec<AlertNode>>,
    promql_expr_test: Option<Vec<ExpressionNode>>,
    external_labels: Option<Texts>,
    external_url: Option<Text>,
    start_timestamp: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputNode {
    series: Option<Text>,
    values: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertNode {
    eval_time: Option<Text>,
    alertname: Option<Text>,
    exp_alerts: Option<Vec<Option<ExpectedNode>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedNode {
    exp_labels: Option<Texts>,
    exp_annotations: Option<Texts>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpressionNode {
    expr: Option<Text>,
    eval_time: Option<Text>,
    exp_samples: Option<Vec<Option<SampleNode>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleNode {
    labels: Option<Text>,
    value: Option<Text>,
    histogram: Option<Text>,
}

/// Reads a file; the error is everything that is wrong in it.
pub(super) fn parse(text: &str, compat: Compat) -> Result<TestFile, Vec<RuleProblem>> {
    let node: FileNode = yaml::parse(text).map_err(|problem| vec![problem])?;
    let mut reader = Reader { source: Source::new(text), compat, problems: Vec::new() };
    let file = reader.file(&node);
    if reader.problems.is_empty() { Ok(file) } else { Err(reader.problems) }
}

struct Reader<'a> {
    source: Source<'a>,
    compat: Compat,
    problems: Vec<RuleProblem>,
}

impl Reader<'_> {
    fn problem<T>(&mut self, node: &Node<T>, message: impl Into<String>) {
        let (line, column) = of(node);
        self.problems.push(RuleProblem::new(line, column, None, message.into()));
    }

    /// A field that version 2.42 does not know.
    fn newer<T>(&mut self, field: &str, node: Option<&Node<T>>) {
        if let Some(node) = node.filter(|_| self.compat == Compat::V2_42) {
            self.problem(node, format!("field `{field}` is one of version 3"));
        }
    }

    fn file(&mut self, node: &FileNode) -> TestFile {
        self.newer("fuzzy_compare", node.fuzzy_compare.as_ref());
        let mut order = BTreeMap::new();
        for (place, name) in node.group_eval_order.iter().flatten().enumerate() {
            if order.insert(name.value.clone(), place).is_some() {
                self.problem(name, format!("group `{}` is repeated in the order", name.value));
            }
        }
        let interval = Some(self.duration(node.evaluation_interval.as_ref())).filter(|length| *length > 0);
        let interval = interval.unwrap_or(MINUTE);
        let tests = node.tests.iter().flatten();
        TestFile {
            rule_files: node.rule_files.iter().flatten().map(|path| path.value.clone()).collect(),
            interval,
            order,
            fuzzy: node.fuzzy_compare.as_ref().is_some_and(|fuzzy| fuzzy.value),
            tests: tests
                .map(|test| self.test(test.as_ref().unwrap_or(&TestNode::default()), interval))
                .collect(),
        }
    }

    fn test(&mut self, node: &TestNode, interval: i64) -> Test {
        let step = self.duration(node.interval.as_ref());
        // Version 2.42 has all values at one moment then, of which the first counts.
        let is_default = step == 0 && self.compat == Compat::V3;
        self.newer("start_timestamp", node.start_timestamp.as_ref());
        let start = node.start_timestamp.as_ref().map_or(0, |text| {
            moment(&text.value).unwrap_or_else(|| {
                let expected = "seconds since 1970, or a time like 2026-03-02T08:00:00Z";
                self.problem(text, format!("{:?} is no time; expected {expected}", text.value));
                0
            })
        });
        Test {
            name: node.name.as_ref().map(|name| name.value.clone()).filter(|name| !name.is_empty()),
            start,
            step: if is_default { interval } else { step },
            series: node.input_series.iter().flatten().map(InputNode::input).collect(),
            alerts: node.alert_rule_test.iter().flatten().map(|node| self.alert(node)).collect(),
            expressions: node.promql_expr_test.iter().flatten().map(|node| self.expression(node)).collect(),
            external: External {
                labels: texts(node.external_labels.as_ref()),
                url: node.external_url.as_ref().map(|url| url.value.as_str()).unwrap_or_default().into(),
            },
        }
    }

    fn alert(&mut self, node: &AlertNode) -> AlertTest {
        let name = node.alertname.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        let expected = node.exp_alerts.iter().flatten().map(|alert| {
            let none = ExpectedNode::default();
            let alert = alert.as_ref().unwrap_or(&none);
            let labels = pairs(alert.exp_labels.as_ref());
            let labels = labels.chain([("alertname".to_owned(), name.clone())]).collect();
            (Labels::of_texts(labels), texts(alert.exp_annotations.as_ref()))
        });
        let line = node.alertname.as_ref().or(node.eval_time.as_ref()).map_or(1, |text| of(text).0);
        AlertTest { line, expected: expected.collect(), at: self.duration(node.eval_time.as_ref()), name }
    }

    fn expression(&mut self, node: &ExpressionNode) -> ExpressionTest {
        let mut expected = Vec::new();
        for sample in node.exp_samples.iter().flatten() {
            let none = SampleNode::default();
            let sample = sample.as_ref().unwrap_or(&none);
            match &sample.histogram {
                Some(_) if self.compat == Compat::V2_42 => {
                    self.newer("histogram", sample.histogram.as_ref());
                }
                Some(histogram) if !histogram.value.is_empty() => {
                    self.problem(histogram, "native histograms are not supported");
                }
                _ => {}
            }
            let labels = sample.labels.as_ref().map(|labels| labels.value.clone());
            expected.push((labels.unwrap_or_default(), self.number(sample.value.as_ref())));
        }
        ExpressionTest {
            line: node.expr.as_ref().map_or(1, |text| of(text).0),
            at: self.duration(node.eval_time.as_ref()),
            expression: node.expr.as_ref().map(|text| text.value.clone()).unwrap_or_default(),
            expected,
        }
    }

    fn number(&mut self, text: Option<&Text>) -> f64 {
        let Some(text) = text else { return 0.0 };
        let is_quoted = self.source.from(text).is_some_and(|text| text.starts_with(['"', '\'']));
        number::parse(&text.value).filter(|_| !is_quoted).unwrap_or_else(|| {
            self.problem(text, format!("{:?} is no number", text.value));
            0.0
        })
    }

    fn duration(&mut self, text: Option<&Text>) -> i64 {
        let Some(text) = text else { return 0 };
        let length = duration::parse(&text.value);
        let length = length.and_then(|length| i64::try_from(length.as_millis()).ok());
        length.unwrap_or_else(|| {
            self.problem(text, duration::expected(&text.value));
            0
        })
    }
}

impl InputNode {
    fn input(&self) -> Input {
        let text = |text: Option<&Text>| text.map(|text| text.value.clone()).unwrap_or_default();
        Input {
            line: self.series.as_ref().or(self.values.as_ref()).map_or(1, |text| of(text).0),
            text: format!("{} {}", text(self.series.as_ref()), text(self.values.as_ref())),
        }
    }
}

fn pairs(texts: Option<&Texts>) -> impl Iterator<Item = (String, String)> + '_ {
    let text = |(name, text): (&String, &Node<Option<String>>)| {
        (name.clone(), text.value.clone().unwrap_or_default())
    };
    texts.into_iter().flatten().map(text)
}

/// An empty text stays one: of an alert, or of its annotations, it is another than none.
fn texts(texts: Option<&Texts>) -> Labels {
    Labels::of_texts(pairs(texts).collect())
}

/// Seconds since 1970, or a date with a time, in milliseconds.
fn moment(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds.abs() < 1e11 => Some((seconds * 1000.0).round() as i64),
        Ok(_) => None,
        Err(_) => Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()),
    }
}
