#pragma once

// Constraints that say what to write. Beside a concept that a user's type must satisfy stands a
// struct of rules: one static_assert for each thing that the concept asks, whose sentence is what
// the compiler says first, and `kept`, which is the concept. What users name with types of their
// own asks `obeys`; what is overloaded on a concept, or is asked whether it is satisfied, asks the
// concept, for a rule that is broken is an error wherever it is looked at.
//
// A test of a type of one's own:
//   static_assert(tintype::obeys<my_storage, tintype::storage_rules>);

namespace tintype::inline v0 {

template <class T, template <class...> class Rules, class... With>
concept obeys = Rules<T, With...>::kept;

} // namespace tintype::inline v0
