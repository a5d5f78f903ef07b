map(select(.value > 300)) | group_by(.part % 40) | map({part: .[0].part, n: length, top: (map(.value) | max)}) | sort_by(-.top) | .[0:5]
