SELECT date_trunc('month', wish.date)::DATE AS period_start, 'all' AS segment,
       avg((bought.answer IS NOT NULL)::INT) AS value
FROM survey_responses AS wish
LEFT JOIN (
  SELECT DISTINCT SurveyResponseKey AS answer
  FROM survey_responses AS asked JOIN lines USING (CustomerKey)
  WHERE kind = ProductSubcategoryName AND date_diff('day', asked.date, OrderDate) BETWEEN 0 AND 539
) AS bought ON answer = SurveyResponseKey
GROUP BY ALL
