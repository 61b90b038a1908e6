// All of a format: three codecs, an upgrade, the manager of a folder. Nothing is used.

#include <tintype/formats/velesdb.hpp>
