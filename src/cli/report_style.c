/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How SVG and HTML look: colours for light and dark, told apart without colour too. */
#include "report_render.h"

/* On each -fill, -ink has a contrast of 7 to 1 or more; each -line has 3 to 1 on it and on the
 * paper (tests/cli/report.sh measures them). */
static const char light[] =
	"--paper:#ffffff;--panel:#f5f6f8;--ink:#1b1f24;--dim:#57606a;--rule:#d0d7de;--fan:#c3cbd3;"
	"\n"
	"--link:#0550ae;\n"
	"--ram-fill:#d8e8fb;--ram-line:#2f6fb5;--ram-ink:#0a2c54;--ram-hatch:#d8e8fb;\n"
	"--bar-fill:#e9dffb;--bar-line:#7446b8;--bar-ink:#351670;--bar-hatch:#e9dffb;\n"
	"--gone-fill:#f2f3f5;--gone-line:#75808b;--gone-ink:#3d444b;--gone-hatch:#f2f3f5;\n"
	"--bad-fill:#fde3e1;--bad-line:#c0352b;--bad-ink:#650e08;--bad-hatch:#f7c4c0;\n"
	"--good-fill:#d9f2e3;--good-line:#22804f;--good-ink:#073b20;--good-hatch:#bfe5cf;\n"
	"--host-fill:#fdebcf;--host-line:#a8640a;--host-ink:#4d2b00;--host-hatch:#f5d5a3;\n"
	"--policy-fill:#d7f0f2;--policy-line:#14808a;--policy-ink:#063a40;--policy-hatch:#b5e0e4;"
	"\n";
static const char dark[] =
	"--paper:#14181d;--panel:#1d232a;--ink:#e6eaef;--dim:#a3adb8;--rule:#39424d;--fan:#4a5561;"
	"\n"
	"--link:#7db7ff;\n"
	"--ram-fill:#173454;--ram-line:#6aa5e6;--ram-ink:#dcebff;--ram-hatch:#173454;\n"
	"--bar-fill:#35245c;--bar-line:#ae8bf0;--bar-ink:#efe6ff;--bar-hatch:#35245c;\n"
	"--gone-fill:#232a31;--gone-line:#8a95a1;--gone-ink:#ccd3da;--gone-hatch:#232a31;\n"
	"--bad-fill:#4d1a18;--bad-line:#f0766c;--bad-ink:#ffe3e0;--bad-hatch:#6b2724;\n"
	"--good-fill:#123c27;--good-line:#55b985;--good-ink:#d6f7e4;--good-hatch:#1c5538;\n"
	"--host-fill:#46300d;--host-line:#dc9a3c;--host-ink:#ffedcf;--host-hatch:#634515;\n"
	"--policy-fill:#0d3a3f;--policy-line:#4cb8c2;--policy-ink:#d5f6f9;--policy-hatch:#155058;"
	"\n";

static const char rules[] =
	".paper{fill:var(--paper)}\n"
	".picture text,.heading{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto "
	"Sans\",\"DejaVu Sans\",sans-serif;font-size:13px;fill:var(--ink)}\n"
	".picture .head{font-size:12px;fill:var(--dim)}\n"
	".heading{font-size:15px;font-weight:600}\n"
	".picture .address{font-family:ui-monospace,\"Cascadia Mono\",Menlo,Consolas,\"DejaVu Sans "
	"Mono\",monospace;font-size:12px;text-anchor:end}\n"
	".picture .size{font-size:12px;fill:var(--dim);text-anchor:end}\n"
	".picture .none{font-size:12px;fill:var(--dim);font-style:italic}\n"
	".edge{stroke:var(--rule);stroke-width:1}\n"
	".fan{stroke:var(--fan);stroke-width:1;fill:none}\n"
	".strip{fill:none;stroke:var(--rule)}\n"
	".item text{paint-order:stroke;stroke-width:3px;stroke-linejoin:round;font-weight:600}\n"
	".item .more text{font-size:12px;font-weight:400}\n"
	".box{stroke-width:1.5;fill:var(--f);stroke:var(--l)}\n"
	".mark{fill:var(--l)}\n"
	".hatch{stroke:var(--h);stroke-width:2;fill:none}\n"
	".item text{fill:var(--i);stroke:var(--f)}\n"
	".gone,.past,.refused{stroke-dasharray:5 3}\n"
	".item text,.hatch{stroke-dasharray:none}\n";

static void put_look(FILE *to, const char *classes, const char *name)
{
	fprintf(to,
		"%s{--f:var(--%s-fill);--l:var(--%s-line);--i:var(--%s-ink);--h:var(--%s-hatch)}\n",
		classes, name, name, name, name);
}

/* Paper is white whatever the screen is. */
void report_svg_style(FILE *to)
{
	fprintf(to,
		":root{color-scheme:light dark;\n%s}\n"
		"@media screen and (prefers-color-scheme:dark){:root{\n%s}}\n%s",
		light, dark, rules);
	put_look(to, ".ram,.piece", "ram");
	put_look(to, ".bar", "bar");
	put_look(to, ".gone,.past", "gone");
	put_look(to, ".refused,.open,.over,.bad", "bad");
	put_look(to, ".guarded,.good", "good");
	put_look(to, ".host,.warning", "host");
	put_look(to, ".policy,.note", "policy");
}
