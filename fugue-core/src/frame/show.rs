//! A readable table of a few rows.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;

use crate::schema::{Schema, format_value};

/// Characters of a cell that are shown.
const WIDTH: usize = 40;

/// Rows as a table with names, types and a line below; long cells are cut.
pub(crate) fn table(schema: &Schema, batches: &[RecordBatch], title: Option<&str>, footer: &str) -> String {
    let mut rows: Vec<Vec<String>> =
        vec![schema.names().map(str::to_owned).collect(), schema.fields().iter().map(|f| f.ty().to_string()).collect()];
    for batch in batches {
        for row in 0..batch.num_rows() {
            rows.push(
                batch
                    .columns()
                    .iter()
                    .map(|c| if c.is_null(row) { "NULL".to_owned() } else { cut(&format_value(c, row)) })
                    .collect(),
            );
        }
    }
    let widths: Vec<usize> =
        (0..schema.len()).map(|i| rows.iter().map(|r| r.get(i).map_or(0, |c| c.chars().count())).max().unwrap_or(0)).collect();
    let rule = widths.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("+");
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(c, w)| format!(" {c}{} ", " ".repeat(w - c.chars().count())));
        cells.collect::<Vec<_>>().join("|")
    };
    let mut lines: Vec<String> = title.map(str::to_owned).into_iter().collect();
    lines.extend(rows.iter().take(2).map(line));
    lines.push(rule);
    lines.extend(rows.iter().skip(2).map(line));
    lines.push(footer.to_owned());
    lines.join("\n")
}

fn cut(text: &str) -> String {
    let one_line = text.replace('\n', "\\n");
    if one_line.chars().count() <= WIDTH {
        return one_line;
    }
    one_line.chars().take(WIDTH - 1).chain(['…']).collect()
}
