//! What populations of the reference a person is like.
