//! What is in a frame, column by column.

use std::future::Future;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringViewArray};
use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::expr::{Expr, avg, count, count_all, count_distinct, max, min, stddev};
use crate::frame::{DataFrame, Source};
use crate::relational::{SelectPlan, Verb};
use crate::schema::{Field, Schema, cast_array, format_value};

use super::Ask;

/// The columns of a description.
const DESCRIPTION: &str = "column:str,type:str,rows:long,nulls:long,distinct:long,min:str,max:str,mean:double,stddev:double";

/// What is asked of a column: in this order, where its type allows.
type Question = fn(&str) -> Expr;
const QUESTIONS: [Question; 6] =
    [|c| count(c), |c| count_distinct(c), |c| min(c), |c| max(c), |c| avg(c).cast("double"), |c| stddev(c)];

impl DataFrame {
    /// What is in each column, read in one pass: its type, the number of rows and of nulls among them, the number of different values, the
    /// least and the greatest as text, and of numbers the mean and the (sample) standard deviation. What a type does not have is null.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Reading { sensor: String, value: Option<f64> }
    /// # fugue_core::blocking::wait(async {
    /// # let reading = |sensor: &str, value| Reading { sensor: sensor.into(), value };
    /// # let df = Session::local()?.frame(vec![reading("A", Some(1.0)), reading("B", None), reading("B", Some(2.0))])?;
    /// let told = df.describe().await?;
    /// assert_eq!(told.peek().await?.value("max").map(ToString::to_string).as_deref(), Some("B"));
    /// told.show(10).await?;
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    #[track_caller]
    pub fn describe(&self) -> impl Future<Output = Result<Self>> + Send + use<'_> {
        self.described(self.ask(Verb::Describe))
    }

    async fn described(&self, ask: Ask<'_>) -> Result<Self> {
        let mut asked = vec![count_all().alias("rows")];
        // By column and question, where the answer stands.
        let mut places: Vec<[Option<usize>; QUESTIONS.len()]> = Vec::with_capacity(self.schema().len());
        for (i, name) in self.schema().names().enumerate() {
            let mut found = [None; QUESTIONS.len()];
            for (n, question) in QUESTIONS.iter().enumerate() {
                let asking = question(name).alias(&format!("{i} {n}"));
                // What a function does not take has no answer.
                if SelectPlan::aggregate(self.schema(), &[], std::slice::from_ref(&asking)).is_ok() {
                    found[n] = Some(asked.len());
                    asked.push(asking);
                }
            }
            places.push(found);
        }
        let answers = ask.select(SelectPlan::aggregate(self.schema(), &[], &asked))?;
        let told = answers.collect().await.map_err(|e| ask.tell(e))?;
        let told = concat_batches(answers.schema().arrow(), &told)?;
        let rows = describe(self.schema(), &told, &places).map_err(|e| ask.tell(e))?;
        let described = self.session().frame(Source::batches(Schema::parse(DESCRIPTION)?, vec![rows])?)?;
        Ok(described.bound_by(std::slice::from_ref(self)))
    }
}

/// One row per column out of one row of answers.
fn describe(schema: &Schema, told: &RecordBatch, places: &[[Option<usize>; QUESTIONS.len()]]) -> Result<RecordBatch> {
    let rows = number(told.column(0));
    let text = |question: usize| -> StringViewArray {
        let value = |at: usize| Some(told.column(at)).filter(|c| !c.is_null(0)).map(|c| format_value(c, 0));
        places.iter().map(|p| p[question].and_then(value)).collect()
    };
    let double = |question: usize| -> Result<Float64Array> {
        let value = |at: usize| -> Result<Option<f64>> {
            let cast = cast_array(told.column(at), &crate::schema::Type::Float64)?;
            Ok(arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&cast).iter().next().flatten())
        };
        places.iter().map(|p| p[question].map_or(Ok(None), value)).collect()
    };
    let long = |question: usize| -> Vec<Option<i64>> {
        places.iter().map(|p| p[question].and_then(|at| number(told.column(at)))).collect()
    };
    let nulls = long(0).into_iter().map(|there| Some(rows? - there?)).collect::<Int64Array>();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(schema.names().map(Some).collect::<StringViewArray>()),
        Arc::new(schema.fields().iter().map(|f: &Field| Some(f.ty().to_string())).collect::<StringViewArray>()),
        Arc::new(Int64Array::from(vec![rows; schema.len()])),
        Arc::new(nulls),
        Arc::new(Int64Array::from(long(1))),
        Arc::new(text(2)),
        Arc::new(text(3)),
        Arc::new(double(4)?),
        Arc::new(double(5)?),
    ];
    Ok(RecordBatch::try_new(Schema::parse(DESCRIPTION)?.to_arrow(), columns)?)
}

fn number(column: &ArrayRef) -> Option<i64> {
    arrow::array::AsArray::as_primitive_opt::<arrow::datatypes::Int64Type>(column)?.iter().next().flatten()
}
