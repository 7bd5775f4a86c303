#pragma once

#include "sc_ials.h"
#include "sc_linalg.h"
