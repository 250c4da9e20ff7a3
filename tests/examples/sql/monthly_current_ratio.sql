-- Both sides as they stand in their own part of the tree.
SELECT assets.period_start, 'all' AS segment, assets.value / liabilities.value AS value
FROM statement AS assets JOIN statement AS liabilities USING (period_start)
WHERE assets.organization IS NULL AND liabilities.organization IS NULL
  AND assets.heading = 'Current Assets' AND liabilities.heading = 'Current Liabilities'
