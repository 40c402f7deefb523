//! The prototype's table, bench/multi_view/prototype.tsv: object, views, method, and what it measured.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub volume_iou: f32,
    pub given_iou: f32,
    pub unseen_iou: f32,
    /// Of the diagonal.
    pub chamfer_percent: f32,
    pub unseen_db: f32,
}

/// Object, method, figures.
fn rows(table: &str, views: u32) -> impl Iterator<Item = (&str, &str, Row)> {
    table.lines().skip(1).filter_map(move |line| {
        let c: Vec<&str> = line.split('\t').collect();
        let number = |i: usize| c.get(i)?.parse::<f32>().ok();
        (c.get(1)?.parse() == Ok(views)).then_some(())?;
        let row = Row {
            volume_iou: number(3)?,
            given_iou: number(4)?,
            unseen_iou: number(5)?,
            chamfer_percent: number(6)?,
            unseen_db: number(7)?,
        };
        Some((*c.first()?, *c.get(2)?, row))
    })
}

/// The best figure of any method, each by itself.
pub fn best_of(table: &str, object: &str, views: u32) -> Option<Row> {
    let of_object = rows(table, views).filter(|row| row.0 == object).map(|row| row.2);
    of_object.reduce(|a, b| Row {
        volume_iou: a.volume_iou.max(b.volume_iou),
        given_iou: a.given_iou.max(b.given_iou),
        unseen_iou: a.unseen_iou.max(b.unseen_iou),
        chamfer_percent: a.chamfer_percent.min(b.chamfer_percent),
        unseen_db: a.unseen_db.max(b.unseen_db),
    })
}

/// The unseen IoU of the method that is best over all objects.
pub fn best_mean_share(table: &str, views: u32) -> f32 {
    let mut by_method: BTreeMap<&str, (f32, f32)> = BTreeMap::new();
    for (_, method, row) in rows(table, views) {
        let sums = by_method.entry(method).or_default();
        *sums = (sums.0 + row.unseen_iou, sums.1 + 1.0);
    }
    by_method.values().map(|(sum, count)| sum / count).fold(0.0, f32::max)
}
