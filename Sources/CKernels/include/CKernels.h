#pragma once

#include "sc_dot.h"
#include "sc_ials.h"
#include "sc_linalg.h"
#include "sc_prefetch.h"
#include "sc_rank.h"
#include "sc_scan.h"
