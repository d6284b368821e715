#pragma once
// What the Glibc module of Swift hides, because it is built without _GNU_SOURCE.
// One header a topic, so that a reader finds the call by what it is for.
#include "processes.h"
#include "sockets.h"
#include "trees.h"
