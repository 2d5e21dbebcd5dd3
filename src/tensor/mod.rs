//! dfdx: device choice, and our operators with their backward rules, one file an operator.
