#pragma once

// A report as one page of HTML that needs nothing else: no network, no script, no font. It is read
// on a phone as on a wide screen, in the light and in the dark, and printed.

#include "report_model.hpp"

#include <string>

namespace tool::report {

// The same facts are always the same page.
[[nodiscard]] std::string page_of(const folder_facts& facts);

} // namespace tool::report
