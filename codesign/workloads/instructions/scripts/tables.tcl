set sum 0
foreach line [split [read stdin] \n] {
  set cells [split $line ,]
  if {[llength $cells] == 4} {
    lassign $cells id name part value
    dict lappend parts $part $value
    if {[regexp {^(ka|ro).*er} $name]} { incr sum $id }
  }
}
foreach part [lsort -integer [dict keys $parts]] { set sum [expr {$sum + [llength [dict get $parts $part]] * $part}] }
puts $sum
