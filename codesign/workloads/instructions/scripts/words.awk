{ for (i = 1; i <= NF; i++) n[$i]++ }
END { for (w in n) if (n[w] > 20) { s += n[w] * length(w); k++ } printf "%d %.3f\n", k, s / (k + 1) }
