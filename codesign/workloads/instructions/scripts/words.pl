my (%n, $s); while (<>) { while (/\b([a-z]+)(er|is)\b/g) { $n{$1}{$2}++ } $s += tr/aeiou// }
for my $w (sort { keys %{$n{$b}} <=> keys %{$n{$a}} || $a cmp $b } keys %n) { $s += length(join(",", %{$n{$w}})) }
print "$s\n";
