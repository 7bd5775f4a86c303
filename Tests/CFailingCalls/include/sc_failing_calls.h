#ifndef SC_FAILING_CALLS_H
#define SC_FAILING_CALLS_H

/// Has the kernel answer EIO whenever a thread of this process asks to bring what the descriptor is open for to the
/// disk (fsync), as a failing disk does: 0, or -1 with errno set where the system allows no filter. For good.
int sc_fail_fsync(int descriptor);

#endif
