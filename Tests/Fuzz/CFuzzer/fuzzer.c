#include "CFuzzer.h"

#ifdef SIDECART_LIBFUZZER
int LLVMFuzzerRunDriver(int *, char ***, int (*)(const uint8_t *, size_t));

int sc_fuzz(int count, char **arguments, int (*take)(const uint8_t *bytes, size_t count)) {
  return LLVMFuzzerRunDriver(&count, &arguments, take);
}
#else
int sc_fuzz(int count, char **arguments, int (*take)(const uint8_t *bytes, size_t count)) {
  (void)count, (void)arguments, (void)take;
  return -1;
}
#endif
