#pragma once
#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with the arguments and the input taker; -1 in a build without it.
int sc_fuzz(int count, char **arguments, int (*take)(const uint8_t *bytes, size_t count));
