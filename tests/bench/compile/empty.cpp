// What the compiler takes for nothing.
int nothing;
