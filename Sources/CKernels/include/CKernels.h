#pragma once

#include "sc_dot.h"
#include "sc_eals.h"
#include "sc_gemm.h"
#include "sc_ials.h"
#include "sc_linalg.h"
#include "sc_neumf.h"
#include "sc_pairwise.h"
#include "sc_prefetch.h"
#include "sc_rank.h"
#include "sc_scan.h"
#include "sc_spd.h"
#include "sc_svdpp.h"
