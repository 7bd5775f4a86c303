#pragma once
#include "sc_dot.h"
#include "sc_prefetch.h"
#include "sc_scan.h"
