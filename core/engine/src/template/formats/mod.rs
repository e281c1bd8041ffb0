//! How Django writes dates, times and numbers.
