//! The operators of Rust on expressions.

use std::ops::{Add, Div, Mul, Neg, Not, Rem, Sub};

use super::{Expr, Function};

macro_rules! operators {
    ($($trait:ident $method:ident => $function:ident;)*) => { $(
        impl<T: Into<Self>> $trait<T> for Expr {
            type Output = Self;

            fn $method(self, other: T) -> Self {
                Self::call(Function::$function, [self, other.into()])
            }
        }
    )* };
}

operators! {
    Add add => Add;
    Sub sub => Subtract;
    Mul mul => Multiply;
    Div div => Divide;
    Rem rem => Modulo;
}

impl Neg for Expr {
    type Output = Self;

    fn neg(self) -> Self {
        Self::call(Function::Negate, [self])
    }
}

impl Not for Expr {
    type Output = Self;

    fn not(self) -> Self {
        Self::call(Function::Not, [self])
    }
}
