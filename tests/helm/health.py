#!/usr/bin/env python3
"""Runs health_test.lua on the health check of Argo CD. Needs lua5.4, lua5.1 or any lua."""

import sys

import tools

lua = tools.find_tool("LUA", "lua5.4", "lua5.3", "lua5.1", "lua")
done = tools.run(lua, tools.ROOT / "tests/helm/health_test.lua", tools.ROOT / "helm/argocd/health.lua")
print(done.stdout, done.stderr, sep="", end="")
sys.exit(done.returncode)
