//! The functions that are run: plain Rust over rows, unit-tested as such; none of them knows of engines.

use fugue::Row;
use fugue::chrono::NaiveDate;
use fugue::row::Decimal;

/// An amount of money, in dollars and cents.
pub type Money = Decimal<15, 2>;

/// A line of an order, sent out by a supplier.
#[derive(Row)]
pub struct Shipment {
    pub suppkey: i64,
    pub shipdate: NaiveDate,
    pub orderkey: i64,
    pub linenumber: i32,
    pub quantity: Decimal<15, 2>,
    pub extendedprice: Money,
}

/// What a supplier had sent out so far, and what its last shipments were worth on average.
#[derive(Row)]
pub struct Sent {
    pub suppkey: i64,
    pub shipdate: NaiveDate,
    pub orderkey: i64,
    pub linenumber: i32,
    pub pieces_so_far: i64,
    pub average_of_seven: f64,
}

/// Follows one supplier through time: a running total of pieces, and the moving average of the value of seven shipments.
pub fn follow(shipments: &[Shipment]) -> Vec<Sent> {
    let mut pieces_so_far = 0;
    let follow_one = |(i, s): (usize, &Shipment)| {
        pieces_so_far += (s.quantity.unscaled() / 100) as i64;
        let last = &shipments[i.saturating_sub(6)..=i];
        let cents: i128 = last.iter().map(|l| l.extendedprice.unscaled()).sum();
        Sent {
            suppkey: s.suppkey,
            shipdate: s.shipdate,
            orderkey: s.orderkey,
            linenumber: s.linenumber,
            pieces_so_far,
            average_of_seven: cents as f64 / 100.0 / last.len() as f64,
        }
    };
    shipments.iter().enumerate().map(follow_one).collect()
}

#[derive(Row)]
pub struct Customer {
    pub custkey: i64,
    pub name: String,
    pub mktsegment: String,
}

#[derive(Row)]
pub struct Order {
    pub custkey: i64,
    pub orderdate: NaiveDate,
    pub totalprice: Money,
}

/// A customer with what was ordered; a third of the customers of TPC-H never ordered anything.
#[derive(Row)]
pub struct Account {
    pub custkey: i64,
    pub name: String,
    pub segment: String,
    pub orders: i64,
    pub spent: Option<Money>,
    pub last_order: Option<NaiveDate>,
}

/// Brings a customer and its orders together.
pub fn account(customers: &[Customer], orders: &[Order]) -> Option<Account> {
    let customer = customers.first()?;
    Some(Account {
        custkey: customer.custkey,
        name: customer.name.clone(),
        segment: customer.mktsegment.clone(),
        orders: orders.len() as i64,
        spent: Money::new(orders.iter().map(|o| o.totalprice.unscaled()).sum()).filter(|_| !orders.is_empty()),
        last_order: orders.iter().map(|o| o.orderdate).max(),
    })
}

/// A line of an order with nothing but when and how much.
#[derive(Row)]
pub struct Line {
    pub shipdate: NaiveDate,
    pub quantity: Decimal<15, 2>,
}

/// All pieces of a day.
#[derive(Row)]
pub struct Day {
    pub shipdate: NaiveDate,
    pub pieces: i64,
}

/// Sums up a day.
pub fn day(lines: &[Line]) -> Option<Day> {
    let pieces: i128 = lines.iter().map(|l| l.quantity.unscaled() / 100).sum();
    Some(Day { shipdate: lines.first()?.shipdate, pieces: pieces as i64 })
}

/// How well double exponential smoothing with these constants foretells the next day; the mean of the absolute errors.
#[derive(Row)]
pub struct Fit {
    pub alpha: f64,
    pub beta: f64,
    pub error: f64,
}

/// Tries one pair of smoothing constants over a series.
pub fn smooth(series: &[f64], alpha: f64, beta: f64) -> Fit {
    let (mut level, mut trend, mut error) = (series.first().copied().unwrap_or_default(), 0.0, 0.0);
    for value in series.iter().skip(1) {
        let foretold = level + trend;
        error += (value - foretold).abs();
        let smoothed = alpha * value + (1.0 - alpha) * foretold;
        trend = beta * (smoothed - level) + (1.0 - beta) * trend;
        level = smoothed;
    }
    Fit { alpha, beta, error: error / series.len().saturating_sub(1).max(1) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supplier_is_followed_through_time() {
        let shipment = |linenumber: i32, cents: i128| Shipment {
            suppkey: 1,
            shipdate: NaiveDate::default(),
            orderkey: 1,
            linenumber,
            quantity: Decimal::new(300).unwrap(),
            extendedprice: Money::new(cents).unwrap(),
        };
        let shipments: Vec<Shipment> = (1..=9).map(|n| shipment(n, i128::from(n) * 100)).collect();
        let sent = follow(&shipments);
        assert_eq!(sent.iter().map(|s| s.pieces_so_far).collect::<Vec<_>>(), [3, 6, 9, 12, 15, 18, 21, 24, 27]);
        assert_eq!(sent[1].average_of_seven, 1.5);
        assert_eq!(sent[8].average_of_seven, 6.0);
    }

    #[test]
    fn a_customer_without_orders_has_an_account() {
        let customers = [Customer { custkey: 7, name: "G".into(), mktsegment: "M".into() }];
        let account = account(&customers, &[]).unwrap();
        assert_eq!((account.orders, account.spent, account.last_order), (0, None, None));
    }

    #[test]
    fn a_straight_line_is_foretold_once_its_trend_is_known() {
        let line: Vec<f64> = (0..50).map(f64::from).collect();
        assert!(smooth(&line, 1.0, 1.0).error < smooth(&line, 0.5, 0.0).error);
        assert_eq!(smooth(&line, 1.0, 1.0).error, 1.0 / 49.0);
    }
}
