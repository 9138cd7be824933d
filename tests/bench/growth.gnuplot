# SPDX-License-Identifier: GPL-2.0-or-later
# The curves of growth.c: gnuplot -e "directory='build/bench'" growth.gnuplot
set terminal svg size 900,420 font "sans,13" background rgb "white"
set output directory . "/growth.svg"
set logscale xy
set grid
set key top left
set ylabel "ns"
set multiplot layout 1,2
set xlabel "holes"
plot directory . "/growth-holes" using 1:2 with linespoints title "MAP that passes", \
     "" using 1:3 with linespoints title "MAP across a hole, and UNMAP", \
     "" using 1:4 with linespoints title "load of a policy, each hole"
set xlabel "mappings across holes that stay"
plot directory . "/growth-splits" using 1:2 with linespoints title "MAP that passes between them", \
     "" using 1:3 with linespoints title "MAP across a hole below them all, and UNMAP", \
     "" using 1:4 with linespoints title "the same above them all"
unset multiplot
