# SPDX-License-Identifier: GPL-2.0-or-later
# make install, uninstall     what was built, below PREFIX; DESTDIR is put before every place
# make man                    the manual, from docs/*.scd
# make deb                    a Debian package, in build/deb
# make install-check          all of that in a temporary place, and completion in shells

BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/iovashim
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions

.PHONY: man install uninstall

MAN := $(patsubst docs/%.scd,$(BUILD)/man/%,$(wildcard docs/*.scd))
all: $(BUILD)/libiovamodel.so man
man: $(MAN)

$(BUILD)/man/%: docs/%.scd
	@mkdir -p $(@D)
	$(if $(filter 0,$(V)),@echo '  MAN   $@';) scdoc <$< >$@

# The documents as they are among the sources, so that links from one to another hold; what is for who
# changes iovashim stays there.
DOCUMENTS := README.md SECURITY.md CHANGELOG.md rom/README.md conf/holes.conf $(wildcard contrib/*/*) \
	$(filter-out docs/architecture.md,$(wildcard docs/*.md docs/*.svg))
INSTALLED_DOCUMENTS := $(patsubst %.md,$(BUILD)/doc/%.md,$(DOCUMENTS))
all: $(filter $(BUILD)/doc/%,$(INSTALLED_DOCUMENTS))
$(BUILD)/doc/%: % tools/installed-text tools/install.mk
	@mkdir -p $(@D)
	@tools/installed-text $< $(DOCUMENTS) >$@

# FILE:FOLDER, for all but the policy.
INSTALLED_PROGRAMS := $(BUILD)/iovashim:$(BINDIR)
INSTALLED_FILES := $(BUILD)/libiovashim.so:$(LIBDIR) $(BUILD)/libiovamodel.so:$(LIBDIR)/iovashim \
	$(ROM):$(DATADIR)/iovashim \
	$(foreach page,$(MAN),$(page):$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))) \
	$(foreach file,$(INSTALLED_DOCUMENTS),$(file):$(patsubst %/,%,$(dir $(DOCDIR)/$(patsubst $(BUILD)/doc/%,%,$(file))))) \
	completions/iovashim:$(BASHCOMPDIR) completions/_iovashim:$(ZSHCOMPDIR)
INSTALLED_CONF := $(SYSCONFDIR)/iovashim/holes.conf

install: all
	@put() { install -D -m "$$1" "$${2%:*}" "$(DESTDIR)$${2#*:}/$$(basename "$${2%:*}")"; }; set -e; \
	for f in $(INSTALLED_PROGRAMS); do put 755 "$$f"; done; \
	for f in $(INSTALLED_FILES); do put 644 "$$f"; done
	@if [ ! -e '$(DESTDIR)$(INSTALLED_CONF)' ]; then \
		install -D -m 644 conf/holes.conf '$(DESTDIR)$(INSTALLED_CONF)'; \
	elif ! cmp -s conf/holes.conf '$(DESTDIR)$(INSTALLED_CONF)'; then \
		echo 'kept as it is: $(DESTDIR)$(INSTALLED_CONF); the one of this version is conf/holes.conf'; \
	fi
	@# For LD_PRELOAD=libiovashim.so the loader has to know it by name.
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

# A policy that was changed stays; so do folders in which there is anything else.
uninstall:
	@for f in $(INSTALLED_PROGRAMS) $(INSTALLED_FILES); do \
		rm -f "$(DESTDIR)$${f#*:}/$$(basename "$${f%:*}")" || exit; done
	@if cmp -s conf/holes.conf '$(DESTDIR)$(INSTALLED_CONF)'; then rm '$(DESTDIR)$(INSTALLED_CONF)'; \
	elif [ -e '$(DESTDIR)$(INSTALLED_CONF)' ]; then echo 'kept, since it was changed: $(DESTDIR)$(INSTALLED_CONF)'; fi
	@for d in '$(LIBDIR)/iovashim' '$(DATADIR)/iovashim' $(addprefix $(DOCDIR)/,$(wildcard contrib/*) contrib conf docs rom) '$(DOCDIR)' '$(SYSCONFDIR)/iovashim'; do \
		rmdir "$(DESTDIR)$$d" 2>/dev/null || :; done
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

# build/deb/iovashim_*.deb, from a copy of the sources: the build of a package cleans up first.
.PHONY: deb
deb: deps
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/iovashim-$(VERSION)
	@tar -c --exclude-vcs --exclude='./$(BUILD)' . | tar -x -C $(BUILD)/deb/iovashim-$(VERSION)
	@cd $(BUILD)/deb/iovashim-$(VERSION) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		dpkg-buildpackage --build=binary --no-sign --jobs=auto >../build.log 2>&1 || \
		{ tail -n 40 ../build.log >&2; exit 1; }
	@ls $(BUILD)/deb/iovashim_*.deb

# Installed, run, and removed; and what shells complete.
.PHONY: install-check
install-check: all $(BUILD)/plan_client
	@set -e; for t in install completion; do bash tests/install/$$t.sh $(BUILD); done
	@DEB_BUILD_OPTIONS='nocheck noautodbgsym' $(MAKE) --no-print-directory deb
	@bash tests/install/deb.sh $(BUILD)
