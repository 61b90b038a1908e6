// The whole core, of which nothing is used.

#include <tintype/tintype.hpp>
