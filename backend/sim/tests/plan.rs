//! The plan and its publisher, judged from outside: by what receivers would make of it.

#[cfg(test)]
mod plan {
    mod catalogue;
    mod city;
    mod labels;
    mod lives;
    mod package;
    mod publisher;
    mod storm;
    mod town;
}
